import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A certificate and its key, PEM. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

const yearMs = 365 * 86_400_000;

/** A DER element. */
function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const { length } = body;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

const sequence = (...content: readonly Uint8Array[]): Buffer => der(0x30, ...content);
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const utcTime = (timeMs: number): Buffer =>
  der(0x17, Buffer.from(`${new Date(timeMs).toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`));

/** ecdsa-with-SHA256, commonName, basicConstraints, subjectAltName. */
const ids = {
  signature: oid('2a8648ce3d040302'),
  commonName: oid('550403'),
  constraints: oid('551d13'),
  alternativeName: oid('551d11'),
} as const;

/**
 * A self-signed certificate (X.509 v3, P-256) for an IPv4 address, as a recorder has one that nobody gave a better one:
 * good for a year, and trusted by those only who are told to.
 */
export function selfSigned(address: string): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = sequence(der(0x31, sequence(ids.commonName, der(0x0c, Buffer.from('Parapet demo recorder')))));
  const algorithm = sequence(ids.signature);
  const isCritical = der(0x01, Buffer.from([0xff]));
  const now = Date.now();
  const serial = randomBytes(8);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const content = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    algorithm,
    name,
    sequence(utcTime(now - 86_400_000), utcTime(now + yearMs)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(
      0xa3,
      sequence(
        sequence(ids.constraints, isCritical, der(0x04, sequence(isCritical))),
        sequence(
          ids.alternativeName,
          der(0x04, sequence(der(0x87, Buffer.from(address.split('.').map(Number))))),
        ),
      ),
    ),
  );
  const signature = sign('sha256', content, privateKey);
  const whole = sequence(content, algorithm, der(0x03, Buffer.from([0]), signature));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
