import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { readConfig } from '#server/config.ts';
import { createLog } from '#server/http/log.ts';
import { createRoomApi } from '#server/livekit/api.ts';
import { isAppStale } from '#server/supervisor/built-app.ts';
import { openSystems } from '#server/systems.ts';
import { longestRestMs, type Rest } from './gently.ts';
import { inProcessFeed } from './in-process-feed.ts';
import {
  type Finding,
  probeDatabase,
  probeDataDir,
  probeExports,
  probeLiveKit,
  probeMediaPort,
  probeNode,
  probeRunning,
  probeVms,
  probeWebRtc,
} from './probes.ts';
import { probeRtaLive, probeRtaPast, probeRtaPorts } from './rta-probes.ts';

// npm run doctor: looks at what Parapet leans on, says what it found in plain lines, ends with 1 when something is wrong.

const root = path.resolve(import.meta.dirname, '../..');
/** Long enough for a slow recorder's whole inventory, and for one that wants to be left alone before. */
const patience = AbortSignal.timeout(60_000 + longestRestMs);
let faults = 0;

function tell(finding: Finding): void {
  console.log(`${finding.isFine ? 'ok     ' : 'WRONG  '} ${finding.subject}: ${finding.words}`);
  if (finding.isFine) return;
  faults += 1;
  console.log(`        ${finding.fix}`);
}

const rest: Rest = async (ms, signal) => {
  console.log(
    `        It was asked too often, and wants to be left alone for ${Math.ceil(ms / 1000)} s: waiting.`,
  );
  await sleep(ms, undefined, { signal });
};

async function main(): Promise<void> {
  tell(probeNode(process.version));
  const config = readConfig(process.env);
  console.log('ok      Configuration: every value can be used');
  tell(await probeDataDir(config.dataDir));
  tell(await probeExports(config.exports.dir));
  tell(probeWebRtc());
  const isBuilt = existsSync(path.join(root, 'build/index.html')) && !isAppStale(root);
  console.log(`ok      App: ${isBuilt ? 'built' : 'will be built at the next npm start'}`);

  const host = ['0.0.0.0', '::'].includes(config.host) ? '127.0.0.1' : config.host;
  const running = await probeRunning(`http://${host}:${config.port}`, patience);
  tell(running.finding);
  tell(await probeMediaPort(config.media.port, config.media.host, running.isRunning));
  if (config.databaseUrl !== undefined) tell(await probeDatabase(config.databaseUrl));
  if (config.livekit !== undefined)
    tell(await probeLiveKit(config.livekit, createRoomApi(config.livekit), patience));
  if (config.isDemo) {
    console.log('ok      VMS: none configured, npm start shows the demo site');
    return;
  }
  const systems = await openSystems(config, process.env, createLog('silent'), inProcessFeed());
  for (const vms of systems) {
    const settings = config.vms.find(({ id }) => id === vms.id);
    if (settings?.kind === 'rta')
      for (const finding of await probeRtaPorts(vms.id, settings, patience)) tell(finding);
    const found = await probeVms(vms, patience, rest);
    tell(found);
    if (settings?.kind === 'rta' && found.isFine) {
      tell(await probeRtaLive(vms, patience));
      for (const finding of await probeRtaPast(vms, patience, rest)) tell(finding);
    }
    await vms.close();
  }
}

try {
  await main();
} catch (cause) {
  faults += 1;
  console.log(`WRONG   ${cause instanceof Error ? cause.message : String(cause)}`);
}
console.log(faults === 0 ? 'Nothing is wrong.' : `${faults} thing${faults === 1 ? ' is' : 's are'} wrong.`);
process.exit(faults === 0 ? 0 : 1);
