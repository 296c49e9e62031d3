import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { canonical, chainOf, fingerprintOf, type Manifest, SignedManifest, signerOf } from '../manifest.ts';
import { sha256Of } from '../sha256-of.ts';

/** Something that was looked at. What is neither fine nor wrong is worth knowing. */
export interface Finding {
  readonly verdict: 'fine' | 'wrong' | 'note';
  /** May hold names that somebody else has chosen: to be printed as `plain`. */
  readonly words: string;
}

/** What was found out about an export, without asking anybody. */
export interface Verdict {
  readonly isFine: boolean;
  /** In the order in which it was looked at. */
  readonly findings: readonly Finding[];
  /** SHA-256 of the key that signed, hex; undefined when the signature is not right. */
  readonly fingerprint: string | undefined;
  readonly manifest: Manifest | undefined;
}

/** An export that somebody wants to be checked, by what they named. */
export interface NamedExport {
  /** The path of its manifest. */
  readonly manifest: string;
  /** Films of it that were named, by their names: each has to be in the manifest. */
  readonly films: readonly string[];
  /** The whole folder was named: no film in it may be missing from the manifest. */
  readonly isWholeFolder: boolean;
}

const filmName = /\.(mp4|m4v|mov|mkv|avi|webm|ts|mts|mpe?g|3gp|wmv|asf)$/i;
const manifestName = 'manifest.json';

/** What is no manifest is a film, whatever it is called: it has to be in the manifest beside it. */
const byFile = (file: string): NamedExport => {
  const isManifest = /\.json$/i.test(file);
  const manifest = isManifest ? file : path.join(path.dirname(file), manifestName);
  return { manifest, films: isManifest ? [] : [path.basename(file)], isWholeFolder: false };
};

/** All of the export in a folder. */
export const wholeFolder = (directory: string): NamedExport => ({
  manifest: path.join(directory, manifestName),
  films: [],
  isWholeFolder: true,
});

/**
 * The exports that belong to what somebody names: manifests, films, the folders they are in. What is of one export
 * comes together. Rejects where there is no such file.
 */
export async function exportsNamed(names: readonly string[]): Promise<NamedExport[]> {
  const found = new Map<string, NamedExport>();
  for (const named of names) {
    const one = (await stat(named)).isDirectory() ? wholeFolder(named) : byFile(named);
    const key = path.resolve(one.manifest);
    const known = found.get(key);
    found.set(key, {
      manifest: one.manifest,
      films: [...(known?.films ?? []), ...one.films],
      isWholeFolder: one.isWholeFolder || known?.isWholeFolder === true,
    });
  }
  return [...found.values()];
}

/**
 * Checks the signature, the chain, every film that was named, and every file beside the manifest, byte by byte.
 * @param fingerprints of the site's keys, where they are known: another signer is a forger then
 */
export async function verifyExport(
  { manifest: file, films: named, isWholeFolder }: NamedExport,
  fingerprints: readonly string[] = [],
): Promise<Verdict> {
  const findings: Finding[] = [];
  const find = (isFine: boolean, words: string): void => {
    findings.push({ verdict: isFine ? 'fine' : 'wrong', words });
  };
  const directory = path.dirname(file);
  const verdict = (manifest?: Manifest, signer?: string): Verdict => ({
    isFine: findings.every((finding) => finding.verdict !== 'wrong'),
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
  if (fingerprints.length > 0)
    find(
      signer !== undefined && fingerprints.includes(signer),
      signer === undefined ? 'Nobody known signed it' : `Signed by the key ${signer}`,
    );

  const films = manifest.cameras.flatMap((camera) => camera.files);
  const ofVms = new Set(manifest.cameras.flatMap(({ vmsFilms = [] }) => vmsFilms.map(({ name }) => name)));
  const all = manifest.cameras.flatMap(({ files: own, vmsFilms = [] }) => [...own, ...vmsFilms]);
  const files = [...all, ...(manifest.copies ?? [])];
  const names = new Set(films.map(({ name }) => name));
  for (const { name, of } of manifest.copies ?? [])
    if (!names.has(of)) find(false, `${name} is a copy of a film that is not in the manifest`);
  const isUnbroken = canonical(chainOf(manifest.export.id, files)) === canonical(manifest.chain);
  find(
    isUnbroken,
    isUnbroken
      ? 'The chain over all files is unbroken'
      : 'The chain over all files is broken: one was put in, taken out, or put elsewhere',
  );
  const isListed = (name: string): boolean => files.some((one) => one.name === name);
  for (const name of named)
    if (!isListed(name)) find(false, `${name} is not in the manifest: it is no part of this export`);
  for (const name of (await readdir(directory)).sort())
    if (filmName.test(name) && !isListed(name) && !named.includes(name))
      findings.push({
        verdict: isWholeFolder ? 'wrong' : 'note',
        words: `${name} lies beside the export and is no part of it`,
      });
  for (const { name, bytes, sha256 } of files) {
    const at = path.join(directory, name);
    const size = await stat(at).then(
      (found) => found.size,
      () => undefined,
    );
    if (size === undefined) find(false, `${name} is missing`);
    else if (size !== bytes) find(false, `${name} has ${size} bytes instead of ${bytes}`);
    else {
      const isSame = (await sha256Of(at)) === sha256;
      find(isSame, isSame ? `${name} is as it was exported` : `${name} was changed`);
      if (ofVms.has(name))
        findings.push({
          verdict: 'note',
          words: `${name} was made by the video management system: what is in it is that system’s word`,
        });
    }
  }
  return verdict(manifest, signer);
}
