import type { Right, Role } from '#contract/account.ts';
import type { RecordingAbilities, RecordingAbility } from '#contract/recording.ts';

/** What can be kept of the past. */
export type EvidenceAct = 'bookmark' | 'lock' | 'export';

/** Why it cannot be kept. */
export type WhyNot =
  /** No camera is chosen. */
  | 'no-camera'
  /** Nobody has told yet what the recorder can do. */
  | 'unknown'
  | 'not-permitted'
  /** The VMS knows this, the installed edition does not have it. */
  | 'not-in-edition'
  | 'not-supported'
  /** The cameras are on more than one recording system: a lock lives in one. */
  | 'several-systems';

const rightFor: Readonly<Record<EvidenceAct, Right>> = {
  bookmark: 'playback',
  lock: 'export',
  export: 'export',
};

/** What is asked about: the cameras with this person's rights on them, and what their systems can do. */
export interface PermitQuestion {
  readonly role: Role;
  readonly cameras: readonly { readonly id: string; readonly rights: readonly Right[] }[];
  readonly abilities: RecordingAbilities | undefined;
}

/** Why `act` cannot be done to these cameras; undefined when it can. The server decides in the end. */
export function whyNot(act: EvidenceAct, { role, cameras, abilities }: PermitQuestion): WhyNot | undefined {
  if (cameras.length === 0) return 'no-camera';
  const isAllowed = cameras.every(({ rights }) => rights.includes(rightFor[act]));
  if (role === 'kiosk' || !isAllowed) return 'not-permitted';
  if (abilities === undefined) return 'unknown';
  const systems = new Set<RecordingAbility>();
  for (const { id } of cameras) {
    const system = abilities.vms.find(({ cameraIds }) => cameraIds.includes(id));
    if (!system) return 'not-supported';
    systems.add(system);
  }
  for (const system of systems) {
    const can = abilityFor(act, system);
    if (can === 'none') return 'not-supported';
    if (can === 'not-in-edition') return 'not-in-edition';
  }
  return act === 'lock' && systems.size > 1 ? 'several-systems' : undefined;
}

function abilityFor(act: EvidenceAct, system: RecordingAbility): 'write' | 'none' | 'not-in-edition' {
  switch (act) {
    case 'bookmark':
      return system.bookmarks;
    case 'lock':
      return system.evidenceLocks;
    case 'export':
      return system.nativeFrames || system.makesFilms === true ? 'write' : 'none';
  }
}
