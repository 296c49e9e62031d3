/**
 * Cuts an Annex B byte stream (H.264 B.1, H.265 B.2) into NAL units. Start codes of three and four bytes may be mixed,
 * and zeros may trail a unit. What stands before the first start code is ignored. The units are views, not copies.
 */
export function splitAnnexB(bytes: Buffer): Buffer[] {
  const units: Buffer[] = [];
  let start = -1;
  let at = bytes.indexOf(1);
  while (at !== -1) {
    if (at >= 2 && bytes[at - 1] === 0 && bytes[at - 2] === 0) {
      if (start !== -1) append(units, bytes, start, at - 2);
      start = at + 1;
    }
    at = bytes.indexOf(1, at + 1);
  }
  if (start !== -1) append(units, bytes, start, bytes.length);
  return units;
}

function append(units: Buffer[], bytes: Buffer, start: number, end: number): void {
  let last = end;
  // A NAL unit never ends in a zero byte: these are padding, or the fourth byte of the next start code.
  while (last > start && bytes[last - 1] === 0) last--;
  if (last > start) units.push(bytes.subarray(start, last));
}
