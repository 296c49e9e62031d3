/** The other end of RFC 6184, written apart from the sender so that one may prove the other. */

export interface RtpPacket {
  readonly marker: boolean;
  readonly payloadType: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
  readonly payload: Buffer;
}

export function readRtp(packet: Buffer): RtpPacket {
  return {
    marker: (packet.readUInt8(1) & 0x80) !== 0,
    payloadType: packet.readUInt8(1) & 0x7f,
    sequence: packet.readUInt16BE(2),
    timestamp: packet.readUInt32BE(4),
    ssrc: packet.readUInt32BE(8),
    payload: packet.subarray(12),
  };
}

/** NAL units of payloads that came in order and complete. Throws where the format is broken. */
export function nalUnitsOf(payloads: readonly Buffer[]): Buffer[] {
  const nalUnits: Buffer[] = [];
  let fragments: Buffer[] | undefined;
  for (const payload of payloads) {
    const type = payload.readUInt8(0) & 0x1f;
    if (type !== 28 && fragments !== undefined) throw new Error('A fragmented NAL unit has no end');
    if (type >= 1 && type <= 23) nalUnits.push(payload);
    else if (type === 24) {
      for (let at = 1; at < payload.length;) {
        const length = payload.readUInt16BE(at);
        nalUnits.push(payload.subarray(at + 2, at + 2 + length));
        at += 2 + length;
      }
    } else if (type === 28) {
      const header = payload.readUInt8(1);
      if ((header & 0xc0) === 0xc0) throw new Error('A fragment is start and end at once');
      if ((header & 0x80) !== 0) {
        if (fragments !== undefined) throw new Error('A NAL unit starts within another');
        fragments = [Buffer.of((payload.readUInt8(0) & 0xe0) | (header & 0x1f))];
      }
      if (fragments === undefined) throw new Error('A fragment without a start');
      fragments.push(payload.subarray(2));
      if ((header & 0x40) !== 0) {
        nalUnits.push(Buffer.concat(fragments));
        fragments = undefined;
      }
    } else throw new Error(`Payload type ${String(type)} is not of packetization-mode 1`);
  }
  if (fragments !== undefined) throw new Error('The last NAL unit has no end');
  return nalUnits;
}

export interface ReceivedPicture {
  readonly timestamp: number;
  readonly nalUnits: readonly Buffer[];
}

/** Complete pictures (marker bit to marker bit) of packets in order. */
export function picturesOf(packets: readonly RtpPacket[]): ReceivedPicture[] {
  const pictures: ReceivedPicture[] = [];
  let open: Buffer[] = [];
  for (const packet of packets) {
    open.push(packet.payload);
    if (!packet.marker) continue;
    pictures.push({ timestamp: packet.timestamp, nalUnits: nalUnitsOf(open) });
    open = [];
  }
  return pictures;
}
