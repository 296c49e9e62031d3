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

  it('says where exports are kept, for how long and how much; the demo’s apart from a real site’s', () => {
    const { exports, dataDir } = readConfig({});
    expect(exports).toEqual({
      dir: path.join(dataDir, 'demo-exports'),
      keepDays: 7,
      quotaGb: 50,
      reserveGb: 2,
    });
    const file = yaml(
      'vms: [{ id: a, kind: static, cameras: [] }]\nexports: { quotaGb: 200, keepDays: 30 }\n',
    );
    expect(readConfig({ PARAPET_CONFIG: file, PARAPET_EXPORTS_KEEP_DAYS: '14' }).exports).toEqual({
      dir: path.join(dataDir, 'exports'),
      keepDays: 14,
      quotaGb: 200,
      reserveGb: 2,
    });
    expect(readConfig({ PARAPET_EXPORTS_DIR: '/srv/exports' }).exports.dir).toBe('/srv/exports');
    expect(() => readConfig({ PARAPET_EXPORTS_KEEP_DAYS: '0', PARAPET_EXPORTS_QUOTA_GB: 'much' })).toThrow(
      /PARAPET_EXPORTS_KEEP_DAYS[^]*PARAPET_EXPORTS_QUOTA_GB/,
    );
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
    expect(readConfig({ PARAPET_CONFIG: file, PARAPET_QUOTAS: '{"others": 400}' }).quotas.others).toBe(400);
    // The requirements name the agencies of their Milestone, and how many cameras each has.
    const milestone = {
      MILESTONE_SERVER_URL: 'http://192.168.1.9',
      MILESTONE_USERNAME: 'a',
      MILESTONE_PASSWORD: 'b',
    };
    const usual = { total: 500, agencies: { 'Dubai Police': 50, Metro: 30, Bus: 20 }, others: 400 };
    const quotasOf = (env: Record<string, string>) => readConfig({ ...milestone, ...env }).quotas;
    expect(quotasOf({})).toEqual(usual);
    expect(quotasOf({ PARAPET_QUOTAS: '{"total": 90, "others": 60}' })).toEqual({
      ...usual,
      total: 90,
      others: 60,
    });
    expect(quotasOf({ PARAPET_QUOTAS: '{"agencies": {"Metro": 9}}' })).toEqual({
      total: 500,
      agencies: { Metro: 9 },
    });
    expect(quotasOf({ PARAPET_CONFIG: yaml('vms: [{ id: a, kind: static, cameras: [] }]\n') })).toEqual({
      total: 500,
      agencies: {},
    });
    expect(faults({ PARAPET_QUOTAS: '{"others": -1}' }).join('\n')).toMatch(/^PARAPET_QUOTAS \(others\): /m);
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
      /^vms\.1.* needs a kind: xprotect, rta or static$/m,
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

describe('LiveKit', () => {
  const env = {
    PARAPET_LIVEKIT_URL: 'wss://media.example',
    PARAPET_LIVEKIT_API_KEY: 'parapet',
    PARAPET_LIVEKIT_API_SECRET: 'long enough',
  };

  it('is not there unless it is configured', () => {
    expect(readConfig({}).livekit).toBeUndefined();
  });

  it('finds the API where browsers find LiveKit, unless told where', () => {
    expect(readConfig(env).livekit).toEqual({
      url: 'wss://media.example',
      apiUrl: 'https://media.example',
      apiKey: 'parapet',
      apiSecret: 'long enough',
      roomPrefix: 'camera_',
      prefer: {},
      lingerMs: 10_000,
    });
    const inside = { ...env, PARAPET_LIVEKIT_API_URL: 'http://10.0.0.7:7880/' };
    expect(readConfig(inside).livekit?.apiUrl).toBe('http://10.0.0.7:7880');
  });

  it('takes its secret from the variable that the file names', () => {
    const file = yaml(
      'livekit: { url: ws://l.example:7880, apiKey: k, apiSecretEnv: LK, prefer: { agencies: [Metro], viewersFrom: 5 } }',
    );
    expect(readConfig({ PARAPET_CONFIG: file, LK: 'from elsewhere' }).livekit).toMatchObject({
      apiUrl: 'http://l.example:7880',
      apiSecret: 'from elsewhere',
      prefer: { agencies: ['Metro'], viewersFrom: 5 },
    });
    expect(faults({ PARAPET_CONFIG: file })).toEqual(['LK, which holds LiveKit’s API secret, is not set']);
  });

  it('comes first where it is said to', () => {
    expect(readConfig({ ...env, PARAPET_LIVEKIT_PREFER: 'always' }).livekit?.prefer).toBe('always');
    expect(readConfig({ ...env, PARAPET_LIVEKIT_PREFER: '{"viewersFrom":9}' }).livekit?.prefer).toEqual({
      viewersFrom: 9,
    });
  });

  it.each<[string, Record<string, string>, string]>([
    ['url', { PARAPET_LIVEKIT_URL: 'https://x' }, 'PARAPET_LIVEKIT_URL is not a ws or wss address'],
    ['key', { PARAPET_LIVEKIT_API_KEY: '' }, 'livekit.apiKey in the configuration: '],
    ['secret', { PARAPET_LIVEKIT_API_SECRET: '' }, 'livekit.apiSecret in the configuration needs either'],
    ['short secret', { PARAPET_LIVEKIT_API_SECRET: 'abc' }, 'PARAPET_LIVEKIT_API_SECRET has fewer than 6'],
    ['API address', { PARAPET_LIVEKIT_API_URL: 'http://x/livekit' }, 'PARAPET_LIVEKIT_API_URL has a path'],
    [
      'address with a path',
      { PARAPET_LIVEKIT_URL: 'wss://x/lk' },
      'livekit.apiUrl in the configuration is needed',
    ],
    ['prefix', { PARAPET_LIVEKIT_ROOM_PREFIX: 'a room' }, 'PARAPET_LIVEKIT_ROOM_PREFIX has characters'],
    ['preference', { PARAPET_LIVEKIT_PREFER: 'never' }, 'PARAPET_LIVEKIT_PREFER is neither always nor'],
    ['JSON', { PARAPET_LIVEKIT_PREFER: '{' }, 'PARAPET_LIVEKIT_PREFER is not valid JSON'],
    ['linger', { PARAPET_LIVEKIT_LINGER_MS: '-1' }, 'PARAPET_LIVEKIT_LINGER_MS: Too small'],
  ])('names a wrong %s', (_what, wrong, words) => {
    const found = faults({ ...env, ...wrong });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(words);
    expect(found[0]).not.toContain('long enough');
  });

  it('finds a certificate and its key beside the file, or where a variable says, and needs both', () => {
    const file = yaml('tls: { certFile: wall.pem, keyFile: wall.key }\n');
    const [cert, key] = ['wall.pem', 'wall.key'].map((name) => path.join(path.dirname(file), name));
    writeFileSync(cert!, '');
    expect(faults({ PARAPET_CONFIG: file })).toEqual(['tls.keyFile names wall.key, which does not exist']);
    writeFileSync(key!, '');
    expect(readConfig({ PARAPET_CONFIG: file }).tls).toEqual({ certFile: cert, keyFile: key });
    expect(readConfig({ PARAPET_TLS_CERT: cert!, PARAPET_TLS_KEY: key! }).tls?.keyFile).toBe(key);
    expect(faults({ PARAPET_TLS_CERT: cert! })).toEqual([
      expect.stringContaining('a certificate needs its key'),
    ]);
    expect(readConfig({}).tls).toBeUndefined();
  });
});

/** The block of the requirements, word for word; nothing is contacted by reading it. */
const documented = `milestone:
  # Milestone server details
  server_url: "http://192.168.1.9"
  rtsp_base_url: "rtsp://192.168.1.9:554"
  recording_server: "192.168.1.9:7563"

  # Authentication
  username: "rta-integration"
  password: "your-secure-password"
  domain: ""  # Leave empty if not using AD

  # API endpoints
  api:
    cameras: "/api/cameras"
    recordings: "/api/recordings"
    export: "/api/export"

  # Streaming settings
  streaming:
    rtsp_port: 554
    rtsp_path_template: "/camera/{camera_id}"
    playback_path_template: "/playback/{camera_id}"

  # Integration method
  method: "mip_sdk"  # Options: mip_sdk, mobile_server, rtsp_direct
`;
const documentedVms = {
  id: 'milestone',
  kind: 'rta',
  method: 'mip_sdk',
  apiUrl: 'http://192.168.1.9',
  rtspUrl: 'rtsp://192.168.1.9:554',
  recordingServer: '192.168.1.9:7563',
  username: 'rta-integration',
  password: 'your-secure-password',
  account: { username: 'rta-integration', domain: '' },
  auth: 'auto',
  paths: {
    cameras: '/api/cameras',
    recordings: '/api/recordings',
    token: '/api/token',
    export: '/api/export',
  },
  livePath: '/camera/{camera_id}',
  playbackPath: '/playback/{camera_id}',
  agencies: [],
  cameras: [],
  caFile: undefined,
};
const variablesOf = {
  MILESTONE_SERVER_URL: 'http://192.168.1.9',
  MILESTONE_RTSP_URL: 'rtsp://192.168.1.9:554',
  MILESTONE_USERNAME: 'rta-integration',
  MILESTONE_PASSWORD: 'your-secure-password',
  MILESTONE_API_PORT: '8081',
  MILESTONE_RECORDING_PORT: '7563',
};

describe('Milestone as the requirements configure it', () => {
  it('is understood as their config.yaml has it', () => {
    const config = readConfig({ PARAPET_CONFIG: yaml(documented) });
    expect(config.isDemo).toBe(false);
    expect(config.vms).toEqual([documentedVms]);
    expect(config).not.toHaveProperty('milestone');
  });

  it('is understood as their .env has it, which is a VMS by itself', () => {
    expect(readConfig(variablesOf).vms).toEqual([{ ...documentedVms, livePath: undefined }]);
  });

  it('takes the Mobile Server’s port and paths with mobile_server, whatever the file says of the API', () => {
    const mobile = {
      apiUrl: 'http://192.168.1.9:8081',
      paths: { cameras: '/cameras', recordings: '/recordings', token: '/token' },
    };
    const file = yaml(documented);
    expect(readConfig({ PARAPET_CONFIG: file, MILESTONE_METHOD: 'mobile_server' }).vms).toMatchObject([
      mobile,
    ]);
    expect(readConfig({ ...variablesOf, MILESTONE_METHOD: 'mobile_server' }).vms).toMatchObject([mobile]);
  });

  it('lets a variable win over the file, and finds RTSP beside the server where nobody says where it is', () => {
    const file = yaml(
      'milestone: { server_url: "https://nvr.example.org/vms/", username: u, passwordEnv: NVR_PASSWORD, domain: RTA, streaming: { rtsp_port: 8554 } }',
    );
    expect(
      readConfig({ PARAPET_CONFIG: file, NVR_PASSWORD: 'x', MILESTONE_USERNAME: 'v' }).vms,
    ).toMatchObject([
      {
        apiUrl: 'https://nvr.example.org/vms',
        rtspUrl: 'rtsp://nvr.example.org:8554',
        recordingServer: 'nvr.example.org:7563',
        username: String.raw`RTA\v`,
        password: 'x',
        account: { username: 'v', domain: 'RTA' },
      },
    ]);
  });

  it('stands beside other systems, also under an id of its own', () => {
    const file = yaml(
      `${documented}vms:\n  - { id: gates, kind: static, cameras: [] }\n  - { id: north, kind: rta, server_url: "http://north.example.org", username: u, password: p }\n`,
    );
    expect(readConfig({ PARAPET_CONFIG: file }).vms.map(({ id, kind }) => `${id} ${kind}`)).toEqual([
      'gates static',
      'north rta',
      'milestone rta',
    ]);
  });

  it('needs a list of cameras with rtsp_direct, and then no server', () => {
    expect(
      readConfig({
        PARAPET_CONFIG: yaml(
          'milestone: { method: rtsp_direct, rtsp_base_url: "rtsp://192.168.1.9:554", cameras: [{ id: cam-001, name: Gate, retention_days: 90 }] }',
        ),
      }).vms,
    ).toMatchObject([
      {
        apiUrl: undefined,
        username: undefined,
        cameras: [{ id: 'cam-001', name: 'Gate', retention_days: 90 }],
      },
    ]);
    expect(faults({ ...variablesOf, MILESTONE_METHOD: 'rtsp_direct' }).join('\n')).toMatch(
      /milestone\.cameras in the configuration are missing: with method rtsp_direct/,
    );
  });

  it('names everything that is wrong at once, and repeats no password', () => {
    const file = yaml(
      `milestone:
  server_url: "http://root:hush-hush@192.168.1.9"
  username: u
  password: hush-hush
  speed: 3
  api: { cameras: "api/cameras", exports: "/x" }
  streaming: { rtsp_path_template: "/camera", playback_path_template: "/p/{camera_id}?from={begin}" }
  recording_server: "http://192.168.1.9"
`,
    );
    const found = faults({
      PARAPET_CONFIG: file,
      MILESTONE_RTSP_URL: 'http://192.168.1.9',
      MILESTONE_API_PORT: '80810',
      MILESTONE_METHOD: 'onvif',
    }).join('\n');
    for (const name of [
      /^milestone\.server_url in parapet\.yaml has a user or password in it/m,
      /^milestone in parapet\.yaml has speed, which is not a setting/m,
      /^milestone\.api\.cameras in parapet\.yaml is not a path/m,
      /^milestone\.api in parapet\.yaml has exports, which is not a setting/m,
      /^milestone\.streaming\.rtsp_path_template in parapet\.yaml names no \{camera_id\}/m,
      /^milestone\.streaming\.playback_path_template in parapet\.yaml has a placeholder other than/m,
      /^milestone\.recording_server in parapet\.yaml is not a host/m,
      /^MILESTONE_RTSP_URL is not an rtsp address$/m,
      /^MILESTONE_API_PORT is not a port$/m,
      /^MILESTONE_METHOD: /m,
    ])
      expect(found).toMatch(name);
    expect(found).not.toContain('hush-hush');
  });

  it.each([
    [{ MILESTONE_USERNAME: 'u', MILESTONE_PASSWORD: 'p' }, /server_url .*is missing.*MILESTONE_SERVER_URL/],
    [{ MILESTONE_SERVER_URL: 'http://192.168.1.9' }, /username .*is missing \(MILESTONE_USERNAME\)/],
    [
      { MILESTONE_SERVER_URL: 'http://192.168.1.9', MILESTONE_USERNAME: 'u' },
      /password .*is missing \(MILESTONE_PASSWORD\)/,
    ],
    [
      { ...variablesOf, PARAPET_VMS: '[{"id":"milestone","kind":"static","cameras":[]}]' },
      /stands for a VMS of this id/,
    ],
  ])('says what is missing of %o', (env, fault) => {
    expect(faults(env as Record<string, string>).join('\n')).toMatch(fault);
  });
});
