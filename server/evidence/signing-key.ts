import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
} from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { codeOf } from './growing-file.ts';
import { fingerprintOf } from './manifest.ts';

const fileName = 'evidence-key.pem';

/**
 * The key that this site signs its exports with, made at the first start. Whoever reads the file can sign in the
 * site's name; it stays in the data directory and is readable by its owner only.
 */
export async function openSigningKey(directory: string): Promise<KeyObject> {
  const file = path.join(directory, fileName);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const existing = await readKey(file);
  if (existing !== undefined) return createPrivateKey(existing);
  const { privateKey } = generateKeyPairSync('ed25519');
  // Whole or not at all, and of two processes the first one's counts.
  const own = `${file}.${randomUUID()}`;
  const handle = await open(own, 'wx', 0o600);
  await handle.writeFile(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  await handle.sync();
  await handle.close();
  await link(own, file).catch((cause: unknown) => {
    if (codeOf(cause) !== 'EEXIST') throw cause;
  });
  await rm(own);
  return createPrivateKey(await readFile(file, 'utf8'));
}

/** The fingerprint of the key in this folder; undefined where none was made yet. Rejects where it cannot be read. */
export async function readFingerprint(directory: string): Promise<string | undefined> {
  const pem = await readKey(path.join(directory, fileName));
  return pem === undefined ? undefined : fingerprintOf(createPublicKey(pem));
}

/** A key that is there but cannot be read is never replaced by another one. */
async function readKey(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw cause;
  }
}
