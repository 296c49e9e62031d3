import { describe, expect, it } from 'vitest';
import { Authorizer } from './credentials.ts';

const mufasa = { username: 'Mufasa', password: 'Circle of Life' };
const rfc7616 =
  'realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"';
const cnonce = (): string => 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ';

/** Parameters of an `Authorization: Digest` field. */
const read = (field: string | undefined): Record<string, string> =>
  Object.fromEntries(
    [...(field ?? '').matchAll(/([\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^,\s]+))/g)].map((m) => [
      m[1],
      m[2] ?? m[3],
    ]),
  ) as Record<string, string>;

describe('Digest', () => {
  it('gives the answers of RFC 7616 3.9.1', () => {
    const md5 = new Authorizer(mufasa, cnonce);
    expect(md5.challenge([`Digest ${rfc7616}, algorithm=MD5`])).toBe(true);
    expect(read(md5.header('GET', '/dir/index.html'))).toMatchObject({
      response: '8ca523f5e9506fed4657c9700eebdbec',
      qop: 'auth',
      nc: '00000001',
      opaque: 'FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS',
    });
    const sha = new Authorizer(mufasa, cnonce);
    sha.challenge([`Digest ${rfc7616}, algorithm=SHA-256`]);
    expect(read(sha.header('GET', '/dir/index.html'))['response']).toBe(
      '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
    );
  });

  it('gives the answer of RFC 2617 3.5, and the old one without qop', () => {
    const authorizer = new Authorizer({ username: 'Mufasa', password: 'Circle Of Life' }, () => '0a4f113b');
    const challenge =
      'realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"';
    authorizer.challenge([`Digest ${challenge}, qop="auth,auth-int"`]);
    expect(read(authorizer.header('GET', '/dir/index.html'))['response']).toBe(
      '6629fae49393a05397450978507c4ef1',
    );
    const old = new Authorizer({ username: 'Mufasa', password: 'Circle Of Life' });
    old.challenge([`Digest ${challenge}`]);
    const answer = read(old.header('GET', '/dir/index.html'));
    expect(answer['response']).toBe('670fd8c2df070c60b045671b8b24ff02');
    expect(answer['nc']).toBeUndefined();
  });

  it('counts the uses of a nonce', () => {
    const authorizer = new Authorizer(mufasa, cnonce);
    authorizer.challenge([`Digest ${rfc7616}`]);
    const counts = [1, 2, 3].map(() => read(authorizer.header('PLAY', 'rtsp://a/b'))['nc']);
    expect(counts).toEqual(['00000001', '00000002', '00000003']);
  });
});

describe('choosing', () => {
  it('takes the strongest of several challenges, in one field or in many', () => {
    const fields = [
      `Digest ${rfc7616}, algorithm=MD5`,
      `Digest ${rfc7616}, algorithm=SHA-256`,
      'Basic realm="x"',
    ];
    for (const offered of [fields, [...fields].reverse(), [fields.join(', ')]]) {
      const authorizer = new Authorizer(mufasa);
      expect(authorizer.challenge(offered)).toBe(true);
      expect(read(authorizer.header('GET', '/'))['algorithm']).toBe('SHA-256');
    }
  });

  it('answers Basic where that is all there is', () => {
    const authorizer = new Authorizer({ username: 'Aladdin', password: 'open sesame' });
    authorizer.challenge(['Basic realm="cam"']);
    expect(authorizer.header('GET', '/')).toBe('Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==');
  });

  it('gives up on challenges it does not know', () => {
    expect(new Authorizer(mufasa).challenge(['Negotiate'])).toBe(false);
    expect(new Authorizer(mufasa).challenge(['Digest realm="a", nonce="b", algorithm=SHA-512-256'])).toBe(
      false,
    );
    expect(new Authorizer(mufasa).challenge(['Digest realm="a", nonce="b", qop="auth-int"'])).toBe(false);
    expect(new Authorizer(mufasa).challenge([])).toBe(false);
  });

  it('tries once, again when the nonce was only stale, and says nothing before it is asked', () => {
    const authorizer = new Authorizer(mufasa);
    expect(authorizer.header('OPTIONS', '/')).toBeUndefined();
    expect(authorizer.challenge([`Digest ${rfc7616}`])).toBe(true);
    expect(authorizer.challenge([`Digest ${rfc7616}, stale=TRUE`])).toBe(true);
    expect(authorizer.challenge([`Digest ${rfc7616}`])).toBe(false);
  });
});
