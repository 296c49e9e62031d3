import type { LatencyChoice } from '#lib/media/media-source.ts';

const storedAs = 'parapet.latency';
/** More cameras than this are not remembered: the longest unchanged goes first. */
const most = 500;
const choices: readonly LatencyChoice[] = ['lowest', 'balanced', 'smooth'];

/** What this browser chose for a camera. Balanced where nothing was chosen. */
export function latencyFor(cameraId: string): LatencyChoice {
  return read().find(([id]) => id === cameraId)?.[1] ?? 'balanced';
}

/** Remembers it for the next visit, for every tile with this camera. */
export function chooseLatency(cameraId: string, choice: LatencyChoice): void {
  const others = read().filter(([id]) => id !== cameraId);
  const all = choice === 'balanced' ? others : [...others, [cameraId, choice] as const];
  try {
    localStorage.setItem(storedAs, JSON.stringify(all.slice(-most)));
  } catch {
    // No storage in this browser: the choice lasts as long as the tile.
  }
}

function read(): readonly (readonly [string, LatencyChoice])[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(storedAs) ?? '[]');
    if (!Array.isArray(stored)) return [];
    return stored.flatMap((one: unknown) => {
      const [id, name] = Array.isArray(one) ? (one as unknown[]) : [];
      const choice = choices.find((known) => known === name);
      return typeof id === 'string' && choice !== undefined ? [[id, choice] as const] : [];
    });
  } catch {
    return [];
  }
}
