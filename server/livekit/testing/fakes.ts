import type { RoomApi } from '../api.ts';
import type { LiveKitError } from '../error.ts';
import type { Publication, PublicationReport, Publisher } from '../publisher.ts';
import { publicationName } from '../publisher.ts';

/** LiveKit's rooms in memory. */
export class FakeRooms implements RoomApi {
  /** Who is in which room. */
  readonly rooms = new Map<string, Set<string>>();
  readonly made: string[] = [];
  readonly expelled: string[] = [];
  /** Every call fails while set. */
  error: LiveKitError | undefined;
  isDown = false;
  looks = 0;

  join(room: string, ...identities: string[]): void {
    const there = this.rooms.get(room) ?? new Set<string>();
    for (const identity of identities) there.add(identity);
    this.rooms.set(room, there);
  }

  async #answer(signal: AbortSignal): Promise<void> {
    await Promise.resolve();
    signal.throwIfAborted();
    if (this.error !== undefined) throw this.error;
  }

  async makeRoom(room: string, signal: AbortSignal): Promise<void> {
    await this.#answer(signal);
    this.made.push(room);
    if (!this.rooms.has(room)) this.rooms.set(room, new Set());
  }

  async participants(room: string, signal: AbortSignal): Promise<readonly string[]> {
    await this.#answer(signal);
    return [...(this.rooms.get(room) ?? [])];
  }

  async expel(room: string, identity: string, signal: AbortSignal): Promise<void> {
    await this.#answer(signal);
    this.expelled.push(identity);
    this.rooms.get(room)?.delete(identity);
  }

  async look(): Promise<void> {
    await Promise.resolve();
    this.looks += 1;
    this.isDown = this.error !== undefined;
  }
}

/** A gateway that publishes, in memory. */
export class FakePublisher implements Publisher {
  readonly published = new Map<string, Publication & { readonly url: string; readonly token: string }>();
  readonly states = new Map<string, Pick<PublicationReport, 'state' | 'code'>>();
  /** Every call by name. */
  readonly calls: string[] = [];
  error: Error | undefined;

  async publish(publication: Publication, endpoint: { url: string; token: string }): Promise<void> {
    await Promise.resolve();
    this.calls.push(`publish ${publication.path}`);
    if (this.error !== undefined) throw this.error;
    this.published.set(publication.path, { ...publication, ...endpoint });
  }

  async unpublish(path: string): Promise<void> {
    await Promise.resolve();
    this.calls.push(`unpublish ${path}`);
    this.published.delete(path);
  }

  async publications(): Promise<readonly PublicationReport[]> {
    await Promise.resolve();
    if (this.error !== undefined) throw this.error;
    return [...this.published.values()].map((one) => ({
      path: one.path,
      name: publicationName(one),
      state: 'running' as const,
      ...this.states.get(one.path),
    }));
  }
}
