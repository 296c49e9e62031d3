import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { VmsError } from '#server/vms/vms.ts';
import { distrust } from '../calls.ts';
import { ImageServerReader } from '../image-server-reader.ts';
import { connectUpdateRequest, readMethodResponse } from '../image-server-xml.ts';
import { connectRequest, imageRequest, type ImageChannelKind, type ImageRequest } from './image-requests.ts';

/** The answer to one request. */
export interface ImageReply {
  /** Time of the picture, epoch ms of the recorder. Undefined where there is no picture. */
  readonly timeMs: number | undefined;
  readonly previousMs: number | undefined;
  readonly nextMs: number | undefined;
  /** The bytes after the header, undefined where there is no picture. */
  readonly data: Buffer | undefined;
}

/** The recorder said no to `connect`. The reason is its own text: for the log, and for telling tokens from the rest. */
export class ConnectRefused extends Error {
  override readonly name = 'ConnectRefused';
  readonly reason: string;

  constructor(reason: string) {
    super('The recorder does not accept the connection');
    this.reason = reason;
  }
}

/** The connection ended under a request that nobody has answered. Another connection may well do. */
export class ChannelLost extends VmsError {
  constructor(message = 'The recorder ended the connection', options?: ErrorOptions) {
    super('unavailable', message, options);
  }
}

/** For each answer; recorders that read from an archive take seconds. */
const answerMs = 15_000;

/** What a connection is opened with. */
export interface ChannelKeys {
  readonly token: string;
  /** Certificates (PEM) to trust instead of the public ones. */
  readonly ca: string | undefined;
  /** How long it may take until the recorder accepts it, ms. */
  readonly connectMs: number;
}

interface Pending {
  readonly id: number;
  readonly method: string;
  resolve(reply: ImageReply): void;
  reject(error: Error): void;
}

const nothing: ImageReply = {
  timeMs: undefined,
  previousMs: undefined,
  nextMs: undefined,
  data: undefined,
};

/**
 * One ImageServer connection for recordings: questions and answers in one order. Questions may be sent before the
 * answers to those before have come. A question cannot be taken back; who does not want its answer any more just does
 * not look at it.
 */
export class ImageChannel {
  readonly #socket: Socket;
  readonly #kind: ImageChannelKind;
  readonly #pending: Pending[] = [];
  readonly #connected = Promise.withResolvers<undefined>();
  #drained: PromiseWithResolvers<undefined> | undefined;
  #token: string;
  #requests = 0;
  #timer: NodeJS.Timeout | undefined;
  #end: Error | undefined;

  private constructor(recorder: URL, kind: ImageChannelKind, { token, ca, connectMs }: ChannelKeys) {
    this.#kind = kind;
    this.#token = token;
    const isSecure = recorder.protocol === 'https:';
    const host = recorder.hostname.replace(/^\[|\]$/g, '');
    const port = recorder.port === '' ? (isSecure ? 443 : 80) : Number(recorder.port);
    this.#socket = isSecure
      ? connectTls({
          host,
          port,
          ...(isIP(host) === 0 ? { servername: host } : {}),
          ...(ca === undefined ? {} : { ca }),
        })
      : connectTcp({ host, port });
    this.#socket.setNoDelay(true);
    this.#connected.promise.catch(() => undefined);
    this.#timer = setTimeout(() => {
      this.#fail(new ChannelLost('The recorder does not answer'));
    }, connectMs);
    this.#timer.unref();
    this.#listen(isSecure);
  }

  /**
   * Connects. Throws {@link ConnectRefused}, {@link ChannelLost} or another {@link VmsError}, or the signal's reason.
   */
  static async open(
    recorder: URL,
    kind: ImageChannelKind,
    keys: ChannelKeys,
    signal: AbortSignal,
  ): Promise<ImageChannel> {
    signal.throwIfAborted();
    const channel = new ImageChannel(recorder, kind, keys);
    const stop = (): void => channel.#fail(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    try {
      await channel.#connected.promise;
      return channel;
    } catch (error) {
      channel.destroy();
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  get isOpen(): boolean {
    return this.#end === undefined;
  }

  /** The token the recorder knows. */
  get token(): string {
    return this.#token;
  }

  /** Gives the recorder a fresh token before the one it knows dies. */
  renew(token: string): void {
    if (this.#end !== undefined || token === this.#token) return;
    this.#token = token;
    this.#socket.write(connectUpdateRequest(++this.#requests, this.#kind, token));
  }

  /** Sends a request; the answer comes after those to the requests before. Rejects with {@link ChannelLost}. */
  ask(request: ImageRequest): Promise<ImageReply> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const { promise, resolve, reject } = Promise.withResolvers<ImageReply>();
    const id = ++this.#requests;
    this.#pending.push({ id, method: request.method, resolve, reject });
    if (this.#pending.length === 1) this.#expectAnswer();
    this.#socket.write(imageRequest(id, request));
    // Who stopped caring about it must not bring the process down.
    promise.catch(() => undefined);
    return promise;
  }

  /** Resolves when all questions are answered, or the connection is over. */
  async drained(): Promise<void> {
    if (this.#pending.length === 0 || this.#end !== undefined) return;
    this.#drained ??= Promise.withResolvers<undefined>();
    await this.#drained.promise;
  }

  destroy(): void {
    this.#fail(new ChannelLost('The connection to the recorder is closed'));
  }

  #listen(isSecure: boolean): void {
    const socket = this.#socket;
    socket.once(isSecure ? 'secureConnect' : 'connect', () => {
      socket.write(connectRequest(++this.#requests, this.#kind, this.#token));
    });
    const reader = new ImageServerReader({
      xml: (text) => this.#hear(text),
      image: (headers, data) => this.#see(headers, data),
    });
    socket.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk);
      } catch (cause) {
        this.#fail(new VmsError('unexpected-answer', 'The recorder broke the protocol', { cause }));
      }
    });
    socket.on('error', (cause: NodeJS.ErrnoException) => {
      this.#fail(
        distrust.has(cause.code ?? '')
          ? new VmsError('refused', 'The certificate of the recorder is not trusted', { cause })
          : new ChannelLost('The recorder does not answer', { cause }),
      );
    });
    socket.on('close', () => this.#fail(new ChannelLost()));
  }

  #hear(xml: string): void {
    const response = readMethodResponse(xml);
    if (response === undefined) return;
    if (response.isConnected === false) {
      this.#fail(new ConnectRefused(response.reason ?? ''));
      return;
    }
    if (response.method === 'connect') {
      clearTimeout(this.#timer);
      this.#connected.resolve(undefined);
      return;
    }
    // Some say in words that there is no picture.
    const [first] = this.#pending;
    if (first?.method === response.method) this.#settle(nothing);
  }

  #see(headers: ReadonlyMap<string, string>, data: Buffer): void {
    const [first] = this.#pending;
    const id = headers.get('requestid');
    if (first === undefined || (id !== undefined && id !== String(first.id))) {
      this.#fail(new VmsError('unexpected-answer', 'The recorder answered what nobody asked'));
      return;
    }
    if (data.length === 0) {
      this.#settle(nothing);
      return;
    }
    const timeMs = readMs(headers.get('current'));
    const other = (name: string): number | undefined => {
      const value = readMs(headers.get(name));
      return value === timeMs ? undefined : value;
    };
    // The view is the reader's and valid now only.
    this.#settle({ timeMs, previousMs: other('prev'), nextMs: other('next'), data: Buffer.from(data) });
  }

  #settle(reply: ImageReply): void {
    clearTimeout(this.#timer);
    this.#pending.shift()?.resolve(reply);
    if (this.#pending.length > 0) this.#expectAnswer();
    else this.#rest();
  }

  #rest(): void {
    this.#drained?.resolve(undefined);
    this.#drained = undefined;
  }

  #expectAnswer(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#fail(new VmsError('unavailable', 'The recorder did not answer in time'));
    }, answerMs);
    this.#timer.unref();
  }

  #fail(error: Error): void {
    if (this.#end !== undefined) return;
    this.#end = error;
    clearTimeout(this.#timer);
    this.#connected.reject(error);
    for (const pending of this.#pending.splice(0)) pending.reject(error);
    this.#rest();
    this.#socket.destroy();
  }
}

function readMs(text: string | undefined): number | undefined {
  const value = Number(text);
  return text !== undefined && Number.isFinite(value) && value > 0 ? value : undefined;
}
