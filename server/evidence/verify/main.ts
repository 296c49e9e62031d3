import process from 'node:process';
import { parseArgs } from 'node:util';
import { verifyExport } from './verify.ts';

// Tells whether an export is what left the house: node server/evidence/verify/main.ts FILE [--fingerprint HEX]

const usage = `Usage: npm run verify-export -- FILE [--fingerprint HEX]

FILE is an export's manifest.json, one of its films, or the folder they are in.
HEX is the fingerprint of the key of the site that it should come from.`;

const say = (to: NodeJS.WriteStream, words: string): void => void to.write(`${words}\n`);

async function main(): Promise<number> {
  let named: string | undefined;
  let fingerprint: string | undefined;
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { fingerprint: { type: 'string' } },
    });
    [named] = positionals;
    fingerprint = values.fingerprint;
  } catch {
    named = undefined;
  }
  if (named === undefined) {
    say(process.stderr, usage);
    return 2;
  }
  const verdict = await verifyExport(named, fingerprint).catch(() => undefined);
  if (verdict === undefined) {
    say(process.stderr, `${named} cannot be read.`);
    return 2;
  }
  for (const { isFine, words } of verdict.findings)
    say(process.stdout, `${isFine ? 'ok    ' : 'WRONG '} ${words}`);
  const { manifest } = verdict;
  if (manifest !== undefined) {
    const { title, reason, requestedBy, from, to, createdAt } = manifest.export;
    say(
      process.stdout,
      `
Title      ${title}
Reason     ${reason}
Asked by   ${requestedBy.displayName} (${requestedBy.name}), ${createdAt}
Time       ${from} to ${to}
Made with  ${manifest.product.name} ${manifest.product.version}
Signed by  ${verdict.fingerprint ?? 'nobody known'}`,
    );
    for (const { number, name, gaps } of manifest.cameras)
      say(process.stdout, `Camera     ${number} ${name}${gaps.length === 0 ? '' : `: ${gaps.length} gaps`}`);
  }
  if (verdict.isFine && fingerprint === undefined)
    say(
      process.stdout,
      '\nAnybody can sign with a key of their own: compare the fingerprint with the one your site tells.',
    );
  say(process.stdout, verdict.isFine ? '\nThe export is intact.' : '\nThe export is NOT intact.');
  return verdict.isFine ? 0 : 1;
}

process.exitCode = await main();
