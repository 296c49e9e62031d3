import { type Gateway, GatewayError, type HlsAnswer, type PathReport } from '#server/gateway/gateway.ts';
import type { LiveSource } from '#server/vms/vms.ts';

/** A media gateway in memory, with everything it was told. */
export class FakeGateway implements Gateway {
  readonly sources = new Map<string, LiveSource>();
  readonly reports = new Map<string, PathReport>();
  readonly sessions = new Map<string, { readonly path: string; readonly offer: string }>();
  readonly patches: {
    readonly session: string;
    readonly fragment: string;
    readonly ifMatch: string | undefined;
  }[] = [];
  /** Every call by name, for order and number. */
  readonly calls: string[] = [];
  isDown = false;
  /** Thrown by the next offer, patch, closeSession or hls. */
  nextError: GatewayError | undefined;
  #incarnation = 1;
  #sessions = 0;

  /** Forgets everything, as a process that was killed and started again. */
  restart(): void {
    this.#incarnation += 1;
    this.sources.clear();
    this.sessions.clear();
    this.reports.clear();
  }

  report(path: string, state: PathReport['state'], code?: PathReport['code'], since = 1000): void {
    this.reports.set(path, { path, state, since, viewers: 0, ...(code === undefined ? {} : { code }) });
  }

  #answer(call: string, signal: AbortSignal): void {
    this.calls.push(call);
    signal.throwIfAborted();
    if (this.isDown) throw new GatewayError('gateway-unavailable', 'it is down');
    const error = this.nextError;
    if (error === undefined || !/^(offer|patch|closeSession|hls)/.test(call)) return;
    this.nextError = undefined;
    throw error;
  }

  async ensurePath(path: string, source: LiveSource, signal: AbortSignal): Promise<void> {
    await Promise.resolve();
    this.#answer(`ensurePath ${path}`, signal);
    this.sources.set(path, source);
    if (!this.reports.has(path)) this.report(path, 'running');
  }

  async dropPath(path: string, signal: AbortSignal): Promise<void> {
    await Promise.resolve();
    this.#answer(`dropPath ${path}`, signal);
    this.sources.delete(path);
    this.reports.delete(path);
  }

  async paths(signal: AbortSignal): Promise<readonly PathReport[]> {
    await Promise.resolve();
    this.#answer('paths', signal);
    return [...this.reports.values()];
  }

  async offer(path: string, sdp: string, signal: AbortSignal) {
    await Promise.resolve();
    this.#answer(`offer ${path}`, signal);
    if (!this.sources.has(path)) throw new GatewayError('not-found', 'no such path');
    const session = `/internal/${path}/${(this.#sessions += 1)}`;
    this.sessions.set(session, { path, offer: sdp });
    return { sdp: `v=0\r\no=answer for ${path}\r\n`, session, etag: `"ice-${this.#sessions}"` };
  }

  async patch(session: string, fragment: string, ifMatch: string | undefined, signal: AbortSignal) {
    await Promise.resolve();
    this.#answer(`patch ${session}`, signal);
    if (!this.sessions.has(session)) throw new GatewayError('not-found', 'no such session');
    this.patches.push({ session, fragment, ifMatch });
    return ifMatch === '*' ? { fragment: 'a=ice-ufrag:new\r\n', etag: '"restarted"' } : undefined;
  }

  async closeSession(session: string, signal: AbortSignal): Promise<void> {
    await Promise.resolve();
    this.#answer(`closeSession ${session}`, signal);
    this.sessions.delete(session);
  }

  async hls(path: string, file: string, query: URLSearchParams, signal: AbortSignal): Promise<HlsAnswer> {
    await Promise.resolve();
    this.#answer(`hls ${path} ${file}?${String(query)}`, signal);
    if (!this.sources.has(path)) throw new GatewayError('not-found', 'no such path');
    const isPlaylist = file.endsWith('.m3u8');
    return {
      status: 200,
      headers: {
        'content-type': isPlaylist ? 'application/vnd.apple.mpegurl' : 'video/mp4',
        'cache-control': isPlaylist ? 'no-store' : 'private, max-age=60, immutable',
      },
      body: new TextEncoder().encode(`${file} of ${path}`),
    };
  }

  async incarnation(signal: AbortSignal): Promise<string> {
    await Promise.resolve();
    this.#answer('incarnation', signal);
    return String(this.#incarnation);
  }
}
