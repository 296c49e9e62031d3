import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { z } from 'zod';

/*
 * What an export says about itself. `manifest.json` holds the manifest and a signature over its canonical form: JSON
 * without white space, names in ascending order (RFC 8785, of which strings, whole numbers and lists are all we use).
 */

const Iso = z.iso.datetime();
const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const FileName = z.string().regex(/^[0-9A-Za-z][0-9A-Za-z._-]{0,199}$/);
const Stretch = z.strictObject({ from: Iso, to: Iso });

const ManifestFile = z.strictObject({
  name: FileName,
  bytes: z.int().nonnegative(),
  sha256: Sha256,
  codec: z.string(),
  pictures: z.int().nonnegative(),
  /** Where recorded time lies in the file's own: gaps are left out of it, not shown as a picture standing still. */
  pieces: z.array(z.strictObject({ atMs: z.int().nonnegative(), from: Iso, to: Iso })),
});

/** A film as the VMS has made it: it is what was given, and what is in it is the VMS's word. */
const VmsFilmFile = z.strictObject({
  name: FileName,
  bytes: z.int().nonnegative(),
  sha256: Sha256,
  kind: z.literal('vms-film'),
  /** As the VMS calls it. */
  mediaType: z.string(),
  /** What the VMS was asked for. */
  from: Iso,
  to: Iso,
});

export const Manifest = z.strictObject({
  format: z.literal('parapet-export'),
  version: z.literal(1),
  product: z.strictObject({ name: z.string(), version: z.string() }),
  export: z.strictObject({
    id: z.uuid(),
    title: z.string(),
    reason: z.string(),
    requestedBy: z.strictObject({ name: z.string(), displayName: z.string() }),
    createdAt: Iso,
    completedAt: Iso,
    from: Iso,
    to: Iso,
    stream: z.enum(['main', 'sub']),
  }),
  cameras: z.array(
    z.strictObject({
      id: z.string(),
      number: z.int(),
      name: z.string(),
      /** Where nothing was recorded, as the recorder says. */
      gaps: z.array(Stretch),
      /** Where the recorder says that it recorded, and gave no picture for a second or longer. */
      withoutPictures: z.array(Stretch).optional(),
      files: z.array(ManifestFile),
      /** Instead of those, where the VMS gives no frames to make films of. */
      vmsFilms: z.array(VmsFilmFile).optional(),
    }),
  ),
  /** Copies for looking at, with words burned into the picture. The films above are the evidence. */
  copies: z
    .array(
      z.strictObject({
        name: FileName,
        bytes: z.int().nonnegative(),
        sha256: Sha256,
        kind: z.literal('watermarked'),
        /** The film it was made from. */
        of: FileName,
        words: z.string(),
        madeBy: z.string(),
      }),
    )
    .optional(),
  /** One link per file, films first, camera by camera, then copies: none can be taken out or put in without changing all that follow. */
  chain: z.array(z.strictObject({ name: FileName, link: Sha256 })),
});
export type Manifest = z.output<typeof Manifest>;

export const SignedManifest = z.strictObject({
  manifest: Manifest,
  signature: z.strictObject({
    algorithm: z.literal('Ed25519'),
    /** SubjectPublicKeyInfo, DER in base64. */
    publicKey: z.base64(),
    value: z.base64(),
  }),
});
export type SignedManifest = z.output<typeof SignedManifest>;

/** The one way to write a value down. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`).join(',')}}`;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The chain over files: each link covers the one before it, the file's name and its content. */
export function chainOf(
  exportId: string,
  files: readonly { readonly name: string; readonly sha256: string }[],
): Manifest['chain'] {
  let link = sha256(exportId);
  return files.map((file) => {
    link = sha256(`${link}\n${file.name}\n${file.sha256}\n`);
    return { name: file.name, link };
  });
}

/** SHA-256 of the public key, hex: what people compare to know whose signature it is. */
export const fingerprintOf = (publicKey: KeyObject): string =>
  createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');

export function signed(manifest: Manifest, privateKey: KeyObject): SignedManifest {
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  return {
    manifest,
    signature: {
      algorithm: 'Ed25519',
      publicKey: publicKey.toString('base64'),
      value: sign(null, Buffer.from(canonical(manifest)), privateKey).toString('base64'),
    },
  };
}

/** The key that signed it, or undefined when the signature is not right. */
export function signerOf({ manifest, signature }: SignedManifest): KeyObject | undefined {
  try {
    const key = createPublicKey({
      key: Buffer.from(signature.publicKey, 'base64'),
      type: 'spki',
      format: 'der',
    });
    const isRight =
      key.asymmetricKeyType === 'ed25519' &&
      verify(null, Buffer.from(canonical(manifest)), key, Buffer.from(signature.value, 'base64'));
    return isRight ? key : undefined;
  } catch {
    return undefined;
  }
}
