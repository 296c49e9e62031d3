import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from './config.ts';

const directories: string[] = [];
function yaml(text: string): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'parapet-config-'));
  directories.push(directory);
  const file = path.join(directory, 'parapet.yaml');
  writeFileSync(file, text);
  return file;
}
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

function faults(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('readConfig', () => {
  it('needs nothing at all: that is the demo, on loopback', () => {
    expect(readConfig({})).toMatchObject({
      port: 8080,
      host: '127.0.0.1',
      isDemo: true,
      isDev: false,
      vms: [],
      dataDir: path.resolve('.parapet'),
      media: { port: 8189, addresses: [], mtu: 1200 },
    });
  });

  it('takes an empty variable for one that is not set', () => {
    expect(readConfig({ PORT: '', PARAPET_PUBLIC_URL: '', PARAPET_CONFIG: '' }).port).toBe(8080);
  });

  it('lets a variable win over the file, and keeps the rest of the file', () => {
    const file = yaml('port: 9000\nmedia: { port: 7000, mtu: 1300 }\nlogLevel: debug\n');
    const config = readConfig({ PARAPET_CONFIG: file, PARAPET_MEDIA_PORT: '0', PORT: '9001' });
    expect(config).toMatchObject({ port: 9001, logLevel: 'debug', media: { port: 0, mtu: 1300 } });
  });

  it('reads lists separated by commas', () => {
    const config = readConfig({
      PARAPET_TRUSTED_PROXIES: '10.0.0.0/8, ::1',
      PARAPET_MEDIA_ADDRESSES: 'wall.example.org,192.0.2.7',
    });
    expect(config.trustedProxies).toEqual(['10.0.0.0/8', '::1']);
    expect(config.media.addresses).toEqual(['wall.example.org', '192.0.2.7']);
  });

  it('looks a VMS password up in the variable that the file names, and files beside the file', () => {
    const file = yaml(
      'vms:\n  - { id: main, kind: xprotect, url: "https://vms.example.org", username: parapet, passwordEnv: VMS_PASSWORD, caFile: ca.pem }\n' +
        '  - { id: gates, kind: static, file: gates.yaml }\n',
    );
    const config = readConfig({ PARAPET_CONFIG: file, VMS_PASSWORD: 'from the variable' });
    expect(config.isDemo).toBe(false);
    expect(config.vms).toEqual([
      {
        id: 'main',
        kind: 'xprotect',
        url: 'https://vms.example.org',
        username: 'parapet',
        password: 'from the variable',
        caFile: path.join(path.dirname(file), 'ca.pem'),
      },
      { id: 'gates', kind: 'static', file: path.join(path.dirname(file), 'gates.yaml') },
    ]);
  });

  it('has quotas: the demo’s by agency, elsewhere those that are named', () => {
    expect(readConfig({}).quotas).toEqual({
      total: 500,
      agencies: { Police: 50, Metro: 30, Bus: 20, Others: 400 },
    });
    const file = yaml('vms: [{ id: a, kind: static, cameras: [] }]\nquotas: { agencies: { Metro: 30 } }\n');
    expect(readConfig({ PARAPET_CONFIG: file }).quotas).toEqual({ total: 500, agencies: { Metro: 30 } });
    expect(readConfig({ PARAPET_CONFIG: file, PARAPET_QUOTAS: '{"total": 40}' }).quotas).toEqual({
      total: 40,
      agencies: {},
    });
    expect(faults({ PARAPET_QUOTAS: '{"total": 0, "agencies": {"Metro": -1}}' }).join('\n')).toMatch(
      /^PARAPET_QUOTAS \(total\): [^]*^PARAPET_QUOTAS \(agencies\.Metro\): /m,
    );
  });

  it('names everything that is wrong at once, by the name it was written under', () => {
    const file = yaml(
      'colour: red\nmedia: { mtu: 9, speed: 3 }\nvms:\n  - { id: main, kind: xprotect, url: nonsense, username: x, password: y }\n  - { id: main, kind: axis }\n',
    );
    const found = faults({
      PARAPET_CONFIG: file,
      PORT: '80000',
      HOST: 'not a host',
      PARAPET_LOG_LEVEL: 'loud',
      PARAPET_TRUSTED_PROXIES: '10.0.0.0/8,10.0.0.0/99',
      PARAPET_ICE_SERVERS: '{not json',
      PARAPET_PROT: '1',
      DATABASE_URL: 'mysql://db',
    }).join('\n');
    for (const name of [
      /^PORT is not a port$/m,
      /^HOST is neither/m,
      /^PARAPET_LOG_LEVEL: /m,
      /^PARAPET_TRUSTED_PROXIES \(1\) is neither/m,
      /^PARAPET_ICE_SERVERS is not valid JSON$/m,
      /^PARAPET_PROT is not a setting/m,
      /^DATABASE_URL is not a postgres/m,
      /^colour in parapet\.yaml is not a setting/m,
      /^media\.mtu in parapet\.yaml: /m,
      /^media in parapet\.yaml has speed, which is not a setting/m,
      /^vms\.0\.url in parapet\.yaml is not an http/m,
      /^vms\.1.* needs a kind: xprotect or static$/m,
    ])
      expect(found).toMatch(name);
  });

  it.each([
    [
      'a password that is nowhere',
      'vms: [{ id: a, kind: xprotect, url: "http://v", username: u, passwordEnv: MISSING }]',
      /MISSING/,
    ],
    [
      'two passwords',
      'vms: [{ id: a, kind: xprotect, url: "http://v", username: u, password: p, passwordEnv: Q }]',
      /either password or passwordEnv/,
    ],
    [
      'one id for two systems',
      'vms: [{ id: a, kind: static, file: x }, { id: a, kind: static, file: y }]',
      /two of them: a/,
    ],
    ['a static list without cameras', 'vms: [{ id: a, kind: static }]', /either file or cameras/],
    ['a file that is a list', '- 1\n- 2\n', /is not a list of settings/],
    ['a file that is not YAML', 'a: [', /is not valid YAML/],
  ])('refuses %s', (_what, text, fault) => {
    expect(faults({ PARAPET_CONFIG: yaml(text) }).join('\n')).toMatch(fault);
  });

  it('refuses a file that is not there', () => {
    expect(faults({ PARAPET_CONFIG: '/nowhere/parapet.yaml' })).toEqual([
      'PARAPET_CONFIG names /nowhere/parapet.yaml, which does not exist',
    ]);
  });

  it('never repeats a secret', () => {
    expect(faults({ PARAPET_DEMO_PASSWORD: 'short7!' }).join('')).not.toContain('short7!');
  });
});
