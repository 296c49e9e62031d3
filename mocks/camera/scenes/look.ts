import { writeFileSync } from 'node:fs';
import { createCanvas, ImageData } from '@napi-rs/canvas';
import { type ClipFormat, type SceneName } from './scenes.ts';
import { Stage } from './render/stage.ts';
import { stageOf, views } from './views.ts';

// node look.ts <scene> [main|sub|small] [seconds,…] [out.png]: single pictures, to look at while drawing.
const [name = 'junction', format = 'sub', when = '1,5,9,13', file = '/tmp/look.png'] = process.argv.slice(2);

const began = performance.now();
const stage =
  format === 'small'
    ? new Stage(await views[name as SceneName](), 320, 168, 4)
    : await stageOf(name as SceneName, format as ClipFormat);
const traced = performance.now();
const times = when.split(',').map(Number);
const columns = times.length > 1 ? 2 : 1;
const sheet = createCanvas(stage.width * columns, stage.height * Math.ceil(times.length / columns));
const context = sheet.getContext('2d');
times.forEach((time, i) => {
  const picture = new Uint8ClampedArray(stage.picture(time));
  context.putImageData(
    new ImageData(picture, stage.width, stage.height),
    (i % columns) * stage.width,
    Math.floor(i / columns) * stage.height,
  );
});
const drawn = performance.now();
writeFileSync(file, sheet.toBuffer('image/png'));
process.stdout.write(
  `${name} ${format}: traced in ${Math.round(traced - began)} ms, ${Math.round((drawn - traced) / times.length)} ms a picture\n`,
);
