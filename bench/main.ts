import { cpus, totalmem } from 'node:os';
import process from 'node:process';
import { parseArgs } from 'node:util';

// npm run bench -- NAME [--option value …]: one measurement, printed as JSON. Ratios and times of one run on one
// machine; compare runs of the same machine only. Ends with 1 where a limit was missed: `misses` names them.

type Options = Record<string, string>;
type Bench = { run(options: Options): Promise<object> };

const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  wall: () => import('./wall.ts'),
  churn: () => import('./churn.ts'),
  engine: () => import('./engine.ts'),
  hls: () => import('./hls.ts'),
  faults: () => import('./faults.ts'),
  pictures: () => import('./pictures.ts'),
  stills: () => import('./stills.ts'),
  directory: () => import('./directory.ts'),
  weight: () => import('./weight.ts'),
  recordings: () => import('./recordings.ts'),
  'recordings-in-page': () => import('./recordings-in-page.ts'),
  'recordings-source': () => import('./recordings-source.ts'),
};

const { positionals, tokens } = parseArgs({ allowPositionals: true, strict: false, tokens: true });
const options: Options = {};
for (const [i, token] of tokens.entries()) {
  if (token.kind !== 'option') continue;
  const next = tokens[i + 1];
  options[token.name] = token.value ?? (next?.kind === 'positional' ? next.value : 'true');
}
const name = positionals[0] ?? '';
const load = benches[name];
if (load === undefined) {
  console.error(`There is no bench "${name}". There are: ${Object.keys(benches).join(', ')}.`);
  process.exit(2);
}
const result = await (await load()).run(options);
const machine = {
  cores: cpus().length,
  cpu: cpus()[0]?.model ?? '',
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  node: process.version,
};
console.log(JSON.stringify({ bench: name, at: new Date().toISOString(), machine, ...result }, undefined, 2));
process.exit('misses' in result && Array.isArray(result.misses) && result.misses.length > 0 ? 1 : 0);
