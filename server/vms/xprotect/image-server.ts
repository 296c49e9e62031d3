import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { readPacket, type ImageServerPacket } from './image-server-picture.ts';
import { ImageServerReader } from './image-server-reader.ts';
import {
  connectRequest,
  connectUpdateRequest,
  liveRequest,
  readCameraLost,
  readMethodResponse,
  stopRequest,
  type ImageServerCamera,
} from './image-server-xml.ts';

export interface ImageServerTarget extends ImageServerCamera {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** PEM of the authority that signed the recorder's certificate; absent = those Node trusts. */
  readonly ca?: string | undefined;
  /** The SOAP token of ServerCommandService `Login`. */
  readonly token: string;
}

export type ImageServerErrorCode =
  /** No connection, no answer in time, or the connection ended. */
  | 'unreachable'
  /** `connect` or `connectupdate` was answered with no: the token, or the rights behind it. */
  | 'refused'
  /** The camera sends what no browser takes over WebRTC. */
  | 'codec-unsupported'
  /** The recorder broke the protocol. */
  | 'protocol';

/** Words without hosts or tokens; the cause is for the log. */
export class ImageServerError extends Error {
  override readonly name = 'ImageServerError';
  readonly code: ImageServerErrorCode;

  constructor(code: ImageServerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export type ImageServerPicture = Extract<ImageServerPacket, { kind: 'video' }>;

export interface ImageServerEvents {
  /** A picture. Its bytes are a view that is valid during the call. */
  picture(picture: ImageServerPicture): void;
  /** The recorder has no connection to the camera. It tells again when there are pictures, by sending them. */
  cameraLost(): void;
}

/** For the connection and for the answer to `connect` and `connectupdate`. */
const answerMs = 5000;

/**
 * One live stream from a recording server's ImageServer, in the camera's own codec. Made once, run once.
 */
export class ImageServerLive {
  readonly #target: ImageServerTarget;
  readonly #events: ImageServerEvents;
  #token: string;
  #socket: Socket | undefined;
  /** The token the recorder has seen. */
  #sentToken: string | undefined;
  #isConnected = false;
  #requests = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #ended = Promise.withResolvers<never>();

  constructor(target: ImageServerTarget, events: ImageServerEvents) {
    this.#target = target;
    this.#events = events;
    this.#token = target.token;
    this.#ended.promise.catch(() => undefined);
  }

  /** Gives pictures until the signal is aborted, then resolves. Rejects with an {@link ImageServerError}. */
  async run(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { promise: aborted, resolve } = Promise.withResolvers<undefined>();
    const stop = (): void => {
      resolve(undefined);
    };
    signal.addEventListener('abort', stop, { once: true });
    this.#open();
    try {
      await Promise.race([this.#ended.promise, aborted]);
      if (this.#isConnected) this.#socket?.write(stopRequest(++this.#requests));
    } finally {
      signal.removeEventListener('abort', stop);
      clearTimeout(this.#timer);
      this.#socket?.destroySoon();
    }
  }

  /** Hands a fresh token to the running connection; viewers notice nothing. */
  renew(token: string): void {
    this.#token = token;
    if (this.#isConnected) this.#update();
  }

  #update(): void {
    if (this.#token === this.#sentToken) return;
    this.#sentToken = this.#token;
    this.#socket?.write(connectUpdateRequest(++this.#requests, this.#target, this.#token));
    this.#expectAnswer('connectupdate');
  }

  #open(): void {
    const { host, port, tls, ca } = this.#target;
    const socket = tls
      ? connectTls({
          host,
          port,
          ...(ca === undefined ? {} : { ca }),
          ...(/[a-z]/i.test(host) && !host.includes(':') ? { servername: host } : {}),
        })
      : connectTcp({ host, port, noDelay: true });
    this.#socket = socket;
    this.#expectAnswer('connect');
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      this.#sentToken = this.#token;
      socket.write(connectRequest(++this.#requests, this.#target, this.#token));
    });
    const reader = new ImageServerReader({
      xml: (text) => {
        this.#receive(text);
      },
      image: (_headers, data) => {
        this.#show(data);
      },
    });
    socket.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk);
      } catch (cause) {
        this.#fail(
          cause instanceof ImageServerError
            ? cause
            : new ImageServerError('protocol', 'The recorder broke the protocol.', { cause }),
        );
      }
    });
    socket.on('error', (cause) => {
      this.#fail(new ImageServerError('unreachable', 'The connection to the recorder failed.', { cause }));
    });
    socket.on('close', () => {
      this.#fail(new ImageServerError('unreachable', 'The recorder ended the connection.'));
    });
  }

  #expectAnswer(method: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#fail(new ImageServerError('unreachable', `The recorder does not answer ${method}.`));
    }, answerMs);
  }

  #receive(xml: string): void {
    if (readCameraLost(xml) === true) this.#events.cameraLost();
    const response = readMethodResponse(xml);
    if (response === undefined) return;
    if (response.method !== 'connect' && response.method !== 'connectupdate') return;
    clearTimeout(this.#timer);
    if (response.isConnected !== true) {
      const cause = new Error(response.reason ?? 'no reason given');
      this.#fail(new ImageServerError('refused', 'The recorder does not accept the connection.', { cause }));
      return;
    }
    if (response.method === 'connect' && !this.#isConnected) {
      this.#isConnected = true;
      this.#socket?.write(liveRequest(++this.#requests));
      // A fresh token may have come while the old one was on its way.
      this.#update();
    }
  }

  #show(data: Buffer): void {
    if (data.length === 0) return;
    const packet = readPacket(data);
    if (packet.kind === 'unsupported')
      throw new ImageServerError(
        'codec-unsupported',
        `The camera sends ${packet.name}, which browsers do not take.`,
      );
    if (packet.kind === 'video') this.#events.picture(packet);
  }

  #fail(error: ImageServerError): void {
    clearTimeout(this.#timer);
    this.#ended.reject(error);
    this.#socket?.destroy();
  }
}
