import process from 'node:process';
import { parseArgs } from 'node:util';
import type { Manifest } from '../manifest.ts';
import { plain } from './plain.ts';
import { exportsNamed, type NamedExport, type Verdict, verifyExport } from './verify.ts';

// Tells whether exports are what left the house: node server/evidence/verify/main.ts FILE… [--fingerprint HEX]

const usage = `Usage: npm run verify-export -- FILE… [--fingerprint HEX]

FILE is an export's manifest.json, one of its films, or the folder they are in. A film has to be in the manifest beside it.
HEX is the fingerprint of the key of the site that it should come from. A site with several servers may have several keys:
say --fingerprint for each of them.`;

/** Prints lines. Nothing in them means anything to the terminal. */
const say = (to: NodeJS.WriteStream, ...lines: string[]): void =>
  void to.write(lines.map((line) => `${plain(line)}\n`).join(''));

interface Wish {
  readonly files: readonly string[];
  readonly fingerprints: readonly string[];
}

/** What is asked for; undefined where that cannot be understood. */
function readWish(): Wish | undefined {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { fingerprint: { type: 'string', multiple: true } },
    });
    const fingerprints = (values.fingerprint ?? []).map((hex) => hex.toLowerCase().replaceAll(/[\s:]/g, ''));
    if (positionals.length === 0 || fingerprints.some((hex) => !/^[0-9a-f]{64}$/.test(hex))) return undefined;
    return { files: positionals, fingerprints };
  } catch {
    return undefined;
  }
}

const marks = { fine: 'ok    ', wrong: 'WRONG ', note: 'note  ' } as const;
/** What is missing of a camera, in words. */
function missing({ gaps, withoutPictures = [] }: Manifest['cameras'][number]): string {
  const words = [
    ...(gaps.length === 0 ? [] : [`${gaps.length} gap${gaps.length === 1 ? '' : 's'}`]),
    ...(withoutPictures.length === 0 ? [] : [`${withoutPictures.length} × recorded, but without pictures`]),
  ];
  return words.length === 0 ? '' : `: ${words.join(', ')}`;
}

function describe({ export: about, product, cameras }: Manifest, fingerprint: string | undefined): string[] {
  const { title, reason, requestedBy, from, to, createdAt } = about;
  return [
    '',
    `Title      ${title}`,
    `Reason     ${reason}`,
    `Asked by   ${requestedBy.displayName} (${requestedBy.name}), ${createdAt}`,
    `Time       ${from} to ${to}`,
    `Made with  ${product.name} ${product.version}`,
    `Signed by  ${fingerprint ?? 'nobody known'}`,
    ...cameras.map((camera) => `Camera     ${camera.number} ${camera.name}${missing(camera)}`),
  ];
}

function tell({ findings, manifest, fingerprint, isFine }: Verdict, isKnownKey: boolean): void {
  const { stdout } = process;
  for (const { verdict, words } of findings) say(stdout, `${marks[verdict]} ${words}`);
  if (manifest !== undefined) say(stdout, ...describe(manifest, fingerprint));
  if (isFine && !isKnownKey)
    say(
      stdout,
      '',
      'Anybody can sign with a key of their own: compare the fingerprint with the one your site tells.',
    );
  say(stdout, '', isFine ? 'The export is intact.' : 'The export is NOT intact.');
}

async function main(): Promise<number> {
  const wish = readWish();
  if (wish === undefined) {
    say(process.stderr, ...usage.split('\n'));
    return 2;
  }
  const unread: string[] = [];
  const named: string[] = [];
  for (const file of wish.files)
    await exportsNamed([file]).then(
      () => named.push(file),
      () => unread.push(file),
    );
  const all: readonly NamedExport[] = await exportsNamed(named);
  let isFine = true;
  for (const [index, one] of all.entries()) {
    if (all.length > 1) say(process.stdout, ...(index === 0 ? [] : ['']), `${one.manifest}:`);
    const verdict = await verifyExport(one, wish.fingerprints);
    tell(verdict, wish.fingerprints.length > 0);
    isFine &&= verdict.isFine;
  }
  for (const file of unread) say(process.stderr, `${file} cannot be read.`);
  return unread.length > 0 ? 2 : isFine ? 0 : 1;
}

process.exitCode = await main();
