import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

/**
 * Flags every browser of ours starts with: no sandbox (CI runs as root), nothing of Chromium's own on the network,
 * video that plays without a gesture, and host candidates that are plain addresses instead of mDNS names.
 */
export const chromiumFlags = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
  '--disable-features=WebRtcHideLocalIpsWithMdns',
];

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The browser tests run in: `PARAPET_TEST_CHROMIUM`, or one found on the machine. It has to decode H.264. */
export function findChromium(): string | undefined {
  const named = process.env['PARAPET_TEST_CHROMIUM'];
  if (named !== undefined) return named;
  return places.find((place) => existsSync(place));
}

const mayInstall = (): boolean =>
  process.platform === 'linux' && existsSync('/usr/bin/apt-get') && process.getuid?.() === 0;

let isListFresh = false;
function install(name: string): void {
  const apt = (...words: string[]) =>
    spawnSync('apt-get', words, {
      stdio: 'inherit',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  if (!isListFresh) apt('update', '-qq');
  isListFresh = true;
  apt('install', '-y', '-qq', '--no-install-recommends', name);
}

/** Finds Chromium, or installs Debian's and says so. Throws with what to do when neither works. */
export function needChromium(): string {
  const found = findChromium();
  if (found !== undefined) return found;
  if (mayInstall()) {
    console.log('No Chromium here: installing Debian’s (apt-get install chromium).');
    install('chromium');
    const installed = findChromium();
    if (installed !== undefined) return installed;
  }
  throw new Error('The tests need Chromium with H.264. Install it, or name it in PARAPET_TEST_CHROMIUM.');
}

/** Finds FFmpeg, or installs Debian's and says so. Only tests want it; without it those that compare with it are skipped. */
export function wantFfmpeg(): string | undefined {
  const find = () => ['/usr/bin/ffmpeg', '/usr/local/bin/ffmpeg'].find((place) => existsSync(place));
  const found = find();
  if (found !== undefined || !mayInstall()) return found;
  console.log('No FFmpeg here: installing Debian’s for the tests (apt-get install ffmpeg).');
  install('ffmpeg');
  return find();
}

/** Where `initdb` and `postgres` are: on the PATH, or where Debian keeps them. */
export function findPostgres(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian)
    ? readdirSync(debian)
        .sort((a, b) => Number(b) - Number(a))
        .map((version) => path.join(debian, version, 'bin'))
    : [];
  return [...versions, ...(process.env['PATH'] ?? '').split(path.delimiter)].find((directory) =>
    ['initdb', 'postgres'].every((name) => existsSync(path.join(directory, name))),
  );
}

/**
 * Finds Postgres' programs, or installs Debian's and says so. Only tests want it, those of several BFFs on one database;
 * they start servers of their own in temporary directories.
 */
export function wantPostgres(): string | undefined {
  const found = findPostgres();
  if (found !== undefined || !mayInstall()) return found;
  console.log('No Postgres here: installing Debian’s for the tests (apt-get install postgresql).');
  install('postgresql');
  return findPostgres();
}

/** Finds nftables, or installs Debian’s and says so. Only the bench of faults wants it; without it that goes through a proxy. */
export function wantFirewall(): string | undefined {
  const find = () => ['/usr/sbin/nft', '/sbin/nft'].find((place) => existsSync(place));
  const found = find();
  if (found !== undefined || !mayInstall()) return found;
  console.error('No nft here: installing Debian’s for the bench (apt-get install nftables).');
  install('nftables');
  return find();
}
