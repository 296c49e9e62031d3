import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { canonical, chainOf, fingerprintOf, type Manifest, SignedManifest, signerOf } from '../manifest.ts';

/** What was found out about an export, without asking anybody. */
export interface Verdict {
  readonly isFine: boolean;
  /** In the order in which it was looked at. */
  readonly findings: readonly { readonly isFine: boolean; readonly words: string }[];
  /** SHA-256 of the key that signed, hex; undefined when the signature is not right. */
  readonly fingerprint: string | undefined;
  readonly manifest: Manifest | undefined;
}

/** The manifest that belongs to what somebody names: itself, or the one beside a film, or the one in a folder. */
export async function manifestFor(named: string): Promise<string> {
  if ((await stat(named)).isDirectory()) return path.join(named, 'manifest.json');
  return named.endsWith('.json') ? named : path.join(path.dirname(named), 'manifest.json');
}

/**
 * Checks the signature, the chain, and every file beside the manifest, byte by byte.
 * @param fingerprint of the site's key, where it is known: another signer is a forger then
 */
export async function verifyExport(named: string, fingerprint?: string): Promise<Verdict> {
  const findings: { isFine: boolean; words: string }[] = [];
  const find = (isFine: boolean, words: string): boolean => {
    findings.push({ isFine, words });
    return isFine;
  };
  const file = await manifestFor(named);
  const verdict = (manifest?: Manifest, signer?: string): Verdict => ({
    isFine: findings.every((finding) => finding.isFine),
    findings,
    fingerprint: signer,
    manifest,
  });

  let raw: unknown;
  try {
    raw = JSON.parse(await readFile(file, 'utf8'));
  } catch {
    find(false, `${path.basename(file)} is not there, or no JSON`);
    return verdict();
  }
  const parsed = SignedManifest.safeParse(raw);
  if (!parsed.success) {
    find(false, `${path.basename(file)} is not the manifest of an export`);
    return verdict();
  }
  const { manifest } = parsed.data;
  const key = signerOf(parsed.data);
  const signer = key === undefined ? undefined : fingerprintOf(key);
  find(
    key !== undefined,
    key === undefined
      ? 'The signature is not right: the manifest was changed'
      : 'The manifest is as it was signed',
  );
  if (fingerprint !== undefined)
    find(
      signer === fingerprint.toLowerCase().replaceAll(/[\s:]/g, ''),
      signer === undefined ? 'Nobody known signed it' : `Signed by the key ${signer}`,
    );

  const films = manifest.cameras.flatMap((camera) => camera.files);
  const files = [...films, ...(manifest.copies ?? [])];
  const names = new Set(films.map(({ name }) => name));
  for (const { name, of } of manifest.copies ?? [])
    if (!names.has(of)) find(false, `${name} is a copy of a film that is not in the manifest`);
  find(
    canonical(chainOf(manifest.export.id, files)) === canonical(manifest.chain),
    'The chain over all files is unbroken',
  );
  for (const { name, bytes, sha256 } of files) {
    const at = path.join(path.dirname(file), name);
    const size = await stat(at).then(
      (found) => found.size,
      () => undefined,
    );
    if (size === undefined) find(false, `${name} is missing`);
    else if (size !== bytes) find(false, `${name} has ${size} bytes instead of ${bytes}`);
    else {
      const isSame = (await sha256Of(at)) === sha256;
      find(isSame, isSame ? `${name} is as it was exported` : `${name} was changed`);
    }
  }
  return verdict(manifest, signer);
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(file)) hash.update(part as Buffer);
  return hash.digest('hex');
}
