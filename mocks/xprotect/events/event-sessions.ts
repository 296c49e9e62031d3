import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { SiteCamera } from '#mocks/site/cameras.ts';
import { xprotectTime } from '../odd-json.ts';
import { eventTypes, stateGroupOf, type EventName } from './event-types.ts';
import { stateAt, type SiteEvent } from './site-events.ts';

/** How long a session without a connection lives, s. */
export const inactiveTimeoutSeconds = 30;
/** Events kept for those who come back. */
const mostKept = 2000;

const Filter = z.object({
  // The documented samples write it in either case.
  modifier: z
    .string()
    .transform((text) => text.toLowerCase())
    .pipe(z.enum(['include', 'exclude'])),
  resourceTypes: z.array(z.string()).min(1),
  sourceIds: z.array(z.string()).min(1),
  eventTypes: z.array(z.string()).min(1),
});
type Filter = z.infer<typeof Filter>;

const Command = z.object({ command: z.string(), commandId: z.number() });
const Start = z.object({ sessionId: z.string().default(''), eventId: z.string().default('') });
const Subscribe = z.object({ filters: z.array(Filter).min(1) });
const Unsubscribe = z.object({ subscriptionId: z.string() });

interface Told {
  readonly id: string;
  readonly specVersion: '1.0';
  readonly type: string;
  readonly source: string;
  readonly time: string;
  readonly stategroupid: string;
}

interface Session {
  readonly id: string;
  readonly subscriptions: Map<string, readonly Filter[]>;
  /** Where its events go; nowhere while it waits for its client to come back. */
  send: ((text: string) => void) | undefined;
  leftAt: number;
}

/** Answers to one connection's commands. */
export interface Conversation {
  /** Resolves when the answer is under way. */
  hear(text: string): Promise<void>;
  leave(): void;
}

export interface EventSessionsParts {
  readonly cameras: readonly SiteCamera[];
  isAlive(token: string): boolean;
  isOffline(camera: SiteCamera): boolean;
  /** Awaited before the states of all cameras are given: minutes on a real site. */
  beforeState(): Promise<void>;
  readonly now: () => number;
}

/** Sessions, subscriptions and events as the Event Server keeps them, apart from how they travel. */
export class EventSessions {
  readonly #parts: EventSessionsParts;
  readonly #sessions = new Map<string, Session>();
  #kept: Told[] = [];

  constructor(parts: EventSessionsParts) {
    this.#parts = parts;
  }

  /** Something happened. */
  tell({ camera, name, timeMs }: SiteEvent): void {
    const told = this.#toldOf(camera, name, timeMs);
    this.#kept.push(told);
    if (this.#kept.length > mostKept) this.#kept = this.#kept.slice(-mostKept / 2);
    for (const session of this.#sessions.values())
      if (isWanted(session, told)) session.send?.(JSON.stringify({ events: [told] }));
  }

  /** Everything is forgotten, as when the application pool is recycled. */
  recycle(): void {
    this.#sessions.clear();
    this.#kept = [];
  }

  /** A connection; `isKnown`: it came with a token that is alive. Whoever is let in stays, whatever becomes of the token. */
  open(isKnown: boolean, send: (text: string) => void): Conversation {
    let isIn = isKnown;
    let session: Session | undefined;
    const answer = (commandId: number, status: number, rest: object = {}): void =>
      send(JSON.stringify({ commandId, status, ...rest }));
    const refuse = (commandId: number, status: number, errorText: string): void =>
      answer(commandId, status, { error: { errorText } });

    const commands: Readonly<Record<string, (id: number, given: unknown) => void | Promise<void>>> = {
      authenticate: (id, given) => {
        const { token } = z.object({ token: z.string() }).parse(given);
        isIn = this.#parts.isAlive(token.replace(/^bearer\s+/i, ''));
        if (isIn) answer(id, 200);
        else refuse(id, 401, 'Unauthorized');
      },
      startsession: (id, given) => {
        const { sessionId, eventId } = Start.parse(given);
        const known = this.#waiting(sessionId);
        session = known ?? { id: randomUUID(), subscriptions: new Map(), send, leftAt: 0 };
        session.send = send;
        this.#sessions.set(session.id, session);
        answer(id, known === undefined ? 201 : 200, { sessionId: session.id, inactiveTimeoutSeconds });
        if (known === undefined) return;
        const missed = this.#since(eventId).filter((told) => isWanted(known, told));
        if (missed.length > 0) send(JSON.stringify({ events: missed }));
      },
      addsubscription: (id, given) => {
        if (session === undefined) {
          refuse(id, 400, 'No session is started');
          return;
        }
        const subscriptionId = randomUUID();
        session.subscriptions.set(subscriptionId, Subscribe.parse(given).filters);
        answer(id, 200, { subscriptionId });
      },
      removesubscription: (id, given) => {
        const { subscriptionId } = Unsubscribe.parse(given);
        if (session?.subscriptions.delete(subscriptionId) === true) answer(id, 200);
        else refuse(id, 404, 'No such subscription');
      },
      getstate: async (id) => {
        if (session === undefined) {
          refuse(id, 400, 'No session is started');
          return;
        }
        await this.#parts.beforeState();
        const states = this.#states().filter((told) => session !== undefined && isWanted(session, told));
        answer(id, 200, { states: states.map(({ id: _id, ...state }) => state) });
      },
    };

    return {
      hear: async (text) => {
        const given = Command.safeParse(parseJson(text));
        if (!given.success) {
          refuse(0, 400, 'The command cannot be read');
          return;
        }
        const { command, commandId } = given.data;
        const act = commands[command.toLowerCase()];
        if (act === undefined) {
          refuse(commandId, 400, `Unknown command ${command}`);
          return;
        }
        if (!isIn && command.toLowerCase() !== 'authenticate') {
          refuse(commandId, 401, 'Unauthorized');
          return;
        }
        try {
          await act(commandId, parseJson(text));
        } catch (error) {
          if (!(error instanceof z.ZodError)) throw error;
          refuse(commandId, 400, `Invalid value of ${String(error.issues[0]?.path.join('.'))}`);
        }
      },
      leave: () => {
        if (session?.send !== send) return;
        session.send = undefined;
        session.leftAt = this.#parts.now();
      },
    };
  }

  /** A session whose client has gone not long ago, or is thought to be connected still. */
  #waiting(sessionId: string): Session | undefined {
    for (const [id, { send, leftAt }] of this.#sessions)
      if (send === undefined && this.#parts.now() - leftAt > inactiveTimeoutSeconds * 1000)
        this.#sessions.delete(id);
    return this.#sessions.get(sessionId);
  }

  #since(eventId: string): Told[] {
    const at = this.#kept.findIndex(({ id }) => id === eventId);
    return this.#kept.slice(at + 1);
  }

  #states(): Told[] {
    const now = this.#parts.now();
    return this.#parts.cameras.flatMap((camera) => {
      const { isRecording, hasMotion } = stateAt(camera, now);
      const names: EventName[] = [
        this.#parts.isOffline(camera) ? 'communicationError' : 'communicationStarted',
        isRecording ? 'recordingStarted' : 'recordingStopped',
        hasMotion ? 'motionStarted' : 'motionStopped',
      ];
      return names.map((name) => this.#toldOf(camera, name, now));
    });
  }

  #toldOf(camera: SiteCamera, name: EventName, timeMs: number): Told {
    return {
      id: randomUUID(),
      specVersion: '1.0',
      type: eventTypes[name],
      source: `cameras/${camera.id}`,
      time: xprotectTime(timeMs),
      stategroupid: stateGroupOf(name),
    };
  }
}

function isWanted({ subscriptions }: Session, { type, source }: Told): boolean {
  const [resourceType = '', id = ''] = source.toLowerCase().split('/');
  const has = (list: readonly string[], value: string): boolean =>
    list.some((one) => one === '*' || one.toLowerCase() === value);
  const matches = (filter: Filter): boolean =>
    has(filter.resourceTypes, resourceType) && has(filter.sourceIds, id) && has(filter.eventTypes, type);
  const of = (filters: readonly Filter[], modifier: Filter['modifier']): boolean =>
    filters.some((filter) => filter.modifier === modifier && matches(filter));
  return [...subscriptions.values()].some((filters) => of(filters, 'include') && !of(filters, 'exclude'));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
