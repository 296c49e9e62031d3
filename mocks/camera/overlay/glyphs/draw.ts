/**
 * Draws the two glyph sheets from IBM Plex Mono (SIL Open Font License 1.1) and writes them as PGM pictures, which any
 * viewer shows and a few lines read: `node mocks/camera/overlay/glyphs/draw.ts`. Only needed when the look changes.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { createCanvas, GlobalFonts } from '@napi-rs/canvas';
import { CELL_HEIGHT, FIRST, LAST, PER_LINE, sheets } from '../glyph-sheet.ts';

const font = import.meta.resolve('@fontsource/ibm-plex-mono/files/ibm-plex-mono-latin-500-normal.woff2');
GlobalFonts.register(await readFile(new URL(font)), 'Plex');

for (const { url, pitch, fontPx, baseline } of Object.values(sheets)) {
  const lines = Math.ceil((LAST - FIRST + 1) / PER_LINE);
  const canvas = createCanvas(PER_LINE * pitch, lines * CELL_HEIGHT);
  const pen = canvas.getContext('2d');
  pen.fillStyle = 'black';
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = 'white';
  pen.font = `${fontPx}px Plex`;
  for (let code = FIRST; code <= LAST; code++) {
    const x = ((code - FIRST) % PER_LINE) * pitch;
    const y = Math.floor((code - FIRST) / PER_LINE) * CELL_HEIGHT;
    const character = String.fromCharCode(code);
    pen.save();
    pen.beginPath();
    pen.rect(x, y, pitch, CELL_HEIGHT);
    pen.clip();
    pen.fillText(character, x + (pitch - pen.measureText(character).width) / 2, y + baseline);
    pen.restore();
  }
  const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
  const grey = Uint8Array.from({ length: canvas.width * canvas.height }, (_, i) => data[i * 4] ?? 0);
  const head = `P5\n# IBM Plex Mono Medium, SIL Open Font License 1.1\n${canvas.width} ${canvas.height}\n255\n`;
  await writeFile(url, Buffer.concat([Buffer.from(head, 'latin1'), grey]));
}
