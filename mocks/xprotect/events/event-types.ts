/** Event types of cameras, with their ids as on real servers, and the group of states that each belongs to. */
export const eventTypes = {
  motionStarted: '6eb95dd6-7ccc-4bce-99f8-af0d0b582d77',
  motionStopped: '6f55a7a7-d21c-4629-ac18-af1975e395a2',
  recordingStarted: '4577f552-765a-438c-bc7d-e5ff1f754bc3',
  recordingStopped: '79a94f89-92de-4fca-8a43-5561d407423d',
  communicationStarted: 'dd3e6464-7dc0-405a-a92f-6150587563e8',
  communicationStopped: '0ee90664-2924-42a0-a816-4129d0ecabdc',
  communicationError: 'a334af1c-4b4b-4957-9e5f-ab8ca07feab6',
} as const;

export type EventName = keyof typeof eventTypes;

/** The ids of state groups are ours: real ones are read from `/eventTypes`. */
const stateGroups = {
  motion: 'c1a4f4a0-5f0e-4d57-9a57-5b8f5f0d1a01',
  recording: 'c1a4f4a0-5f0e-4d57-9a57-5b8f5f0d1a02',
  communication: 'c1a4f4a0-5f0e-4d57-9a57-5b8f5f0d1a03',
} as const;

export function stateGroupOf(name: EventName): string {
  if (name.startsWith('motion')) return stateGroups.motion;
  return name.startsWith('recording') ? stateGroups.recording : stateGroups.communication;
}
