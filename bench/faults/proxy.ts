import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';

/** What is wrong with the way through a {@link FaultProxy}. Nothing, to begin with. */
export interface Conditions {
  /** Share of datagrams that are lost, 0…1, each way. What goes over TCP is never lost, only late. */
  readonly loss: number;
  /** Added to everything, each way, ms. */
  readonly delayMs: number;
  /** At most so much more for single datagrams, evenly spread, ms; they may overtake each other. */
  readonly jitterMs: number;
  readonly isUdpBlocked: boolean;
  /** What the line carries each way, bits a second. What does not fit waits; see {@link queuedMs}. */
  readonly bitsPerSecond: number;
  /** Nothing passes: datagrams are lost, connections stand still. */
  readonly isStalled: boolean;
}

/** A way on which nothing is wrong. */
export const clear: Conditions = {
  loss: 0,
  delayMs: 0,
  jitterMs: 0,
  isUdpBlocked: false,
  bitsPerSecond: Infinity,
  isStalled: false,
};

/** How long something waits for a narrow line at most, ms: a datagram is lost then, a connection stands still. */
export const queuedMs = 400;

/** One direction of a narrow line: one thing after the other. */
class Line {
  #freeAt = -Infinity;

  /** How long until all that waits has left, ms. */
  waitMs(now: number): number {
    return Math.max(0, this.#freeAt - now);
  }

  /** Takes in so many octets; gives how long until the last of them has left, ms. */
  enter(octets: number, bitsPerSecond: number, now: number): number {
    this.#freeAt = Math.max(this.#freeAt, now) + (octets * 8000) / bitsPerSecond;
    return this.waitMs(now);
  }
}

/** A place that listens: an address of this machine and a port. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

const isAllowed = (conditions: Conditions, random: () => number): boolean =>
  !conditions.isStalled && !conditions.isUdpBlocked && random() >= conditions.loss;

/** A bad network in front of servers of this machine, for UDP and TCP, whose conditions can be changed while it runs. */
export class FaultProxy {
  #conditions = clear;
  #dropped = 0;
  readonly #random: () => number;
  readonly #closing: (() => void)[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #connections = new Set<readonly [Socket, Socket]>();
  readonly #there = new Line();
  readonly #back = new Line();

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Changes some of the conditions; the others stay. */
  set(conditions: Partial<Conditions>): void {
    this.#conditions = { ...this.#conditions, ...conditions };
    for (const pair of this.#connections) for (const socket of pair) this.#hold(socket);
  }

  /** Passes datagrams on; each sender gets a port of its own towards `to`, as behind a NAT. Gives the place it listens on. */
  async relayUdp(at: Place, to: Place): Promise<Place> {
    const front = createSocket('udp4');
    const backs = new Map<string, DatagramSocket>();
    front.on('message', (packet, from) => {
      const key = `${from.address}:${String(from.port)}`;
      let back = backs.get(key);
      if (back === undefined) {
        back = createSocket('udp4');
        backs.set(key, back);
        back.on('message', (answer) =>
          this.#datagram(this.#back, answer.length, () =>
            front.send(answer, from.port, from.address, () => undefined),
          ),
        );
        // Nobody listens there at the moment: to the sender that is one more lost datagram.
        back.on('error', () => undefined);
      }
      const sender = back;
      this.#datagram(this.#there, packet.length, () =>
        sender.send(packet, to.port, to.host, () => undefined),
      );
    });
    front.bind(at.port, at.host);
    await once(front, 'listening');
    this.#closing.push(() => {
      front.close();
      for (const back of backs.values()) back.close();
    });
    return { host: at.host, port: front.address().port };
  }

  /** Passes connections on, unless `isRefused` says otherwise. Gives the place it listens on. */
  async relayTcp(at: Place, to: Place, isRefused: () => boolean = () => false): Promise<Place> {
    const server = createServer({ noDelay: true }, (near) => {
      if (isRefused()) {
        near.destroy();
        return;
      }
      const far = createConnection({ ...to, noDelay: true });
      const pair = [near, far] as const;
      this.#connections.add(pair);
      this.#pass(this.#there, near, far);
      this.#pass(this.#back, far, near);
      const end = (): void => {
        near.destroy();
        far.destroy();
        this.#connections.delete(pair);
      };
      for (const socket of pair) socket.on('error', end).on('close', end);
    });
    server.listen(at);
    await once(server, 'listening');
    this.#closing.push(() => server.close());
    return { host: at.host, port: (server.address() as AddressInfo).port };
  }

  /** Datagrams that were lost so far. */
  get dropped(): number {
    return this.#dropped;
  }

  #datagram(line: Line, octets: number, send: () => void): void {
    const now = performance.now();
    if (!isAllowed(this.#conditions, this.#random) || line.waitMs(now) > queuedMs) {
      this.#dropped += 1;
      return;
    }
    const { delayMs, jitterMs, bitsPerSecond } = this.#conditions;
    const queued = line.enter(octets, bitsPerSecond, now);
    this.#later(queued + (jitterMs === 0 ? delayMs : delayMs + jitterMs * this.#random()), send);
  }

  #pass(line: Line, from: Socket, to: Socket): void {
    from.on('data', (chunk: Buffer) => {
      const { delayMs, bitsPerSecond } = this.#conditions;
      const queued = line.enter(chunk.length, bitsPerSecond, performance.now());
      if (queued > queuedMs) from.pause();
      // A stream keeps its order: no jitter, which would let a later piece overtake.
      this.#later(queued + delayMs, () => {
        if (!to.writable) return;
        if (to.write(chunk)) this.#hold(from);
        else from.pause();
      });
    });
    to.on('drain', () => this.#hold(from));
    from.on('end', () =>
      this.#later(line.waitMs(performance.now()) + this.#conditions.delayMs, () => to.end()),
    );
    this.#hold(from);
  }

  #hold(socket: Socket): void {
    if (this.#conditions.isStalled) socket.pause();
    else socket.resume();
  }

  #later(delayMs: number, act: () => void): void {
    if (delayMs <= 0) {
      act();
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, delayMs);
    this.#timers.add(timer);
  }

  /** Ends the connections that came in at this place. */
  cut({ host, port }: Place): void {
    for (const [near] of this.#connections)
      if (near.localPort === port && near.localAddress === host) near.destroy();
  }

  /** Ends all of it; what is on its way is lost. Safe to call twice. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const pair of this.#connections) for (const socket of pair) socket.destroy();
    this.#connections.clear();
    for (const close of this.#closing.splice(0)) close();
  }
}
