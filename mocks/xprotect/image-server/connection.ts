import type { Socket } from 'node:net';
import type { Format } from '#mocks/camera/pictures.ts';
import type { SiteCamera } from '#mocks/site/cameras.ts';
import { streamId } from '../config-objects.ts';
import type { CameraMakes } from '../camera-makes.ts';
import type { Faults } from '../faults.ts';
import type { Features } from '../features.ts';
import type { Stills } from '../stills.ts';
import type { VmsTokens } from '../tokens.ts';
import { LiveFeed, type LivePictures } from './live-feed.ts';
import type { LiveWheel } from './live-wheel.ts';
import { LiveStills } from './live-stills.ts';
import { Playback, playbackMethods } from './playback.ts';
import {
  innerTextOf,
  readConnectParameters,
  readMethodCall,
  RequestSplitter,
  textOf,
  type MethodCall,
} from './request.ts';
import { connectRefusal, connectResponse, methodResponse } from './response.ts';
import { transcodingOf, type Transcoding } from './transcoding.ts';

export interface RecorderParts {
  /** The cameras recorded here, by id in lower case. */
  readonly cameras: ReadonlyMap<string, SiteCamera>;
  readonly tokens: VmsTokens;
  readonly pictures: LivePictures;
  readonly wheel: LiveWheel;
  readonly faults: Faults;
  readonly features: Features;
  readonly stills: Stills;
  readonly makes: CameraMakes;
  /** Told of every operation of RecorderCommandService, and of every method of a connection. */
  onCall?(operation: string): void;
}

/** One ImageServer connection: one camera, from `connect` to the end of its socket or of its token. */
export class ImageConnection {
  readonly #socket: Socket;
  readonly #parts: RecorderParts;
  readonly #splitter = new RequestSplitter();
  #camera: SiteCamera | undefined;
  #format: Format = 'main';
  #token = '';
  #feed: LiveFeed | LiveStills | undefined;
  #playback: Playback | undefined;
  #transcoding: Transcoding | undefined;

  constructor(socket: Socket, parts: RecorderParts) {
    this.#socket = socket;
    this.#parts = parts;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('close', () => this.#stop());
  }

  get cameraNumber(): number | undefined {
    return this.#camera?.number;
  }

  /** Ends the connection if its token has died in the meantime. */
  checkToken(): void {
    if (this.#camera !== undefined && !this.#parts.tokens.isAlive(this.#token)) this.#socket.destroy();
  }

  /** The camera is of another make now: whoever reads it has to begin anew. */
  meetMake(): void {
    this.#socket.destroy();
  }

  /** Sends no pictures any more. */
  hang(): void {
    this.#stop();
  }

  /** The fault of the camera changed. */
  meetFault(): void {
    if (this.#camera === undefined) return;
    this.#feed?.setFault(this.#parts.faults.camera(this.#camera.number));
    this.#parts.wheel.poke();
  }

  #read(chunk: Buffer): void {
    let requests: string[];
    try {
      requests = this.#splitter.push(chunk);
    } catch {
      this.#socket.destroy();
      return;
    }
    for (const request of requests) {
      const call = readMethodCall(request);
      if (call === undefined) {
        this.#socket.destroy();
        return;
      }
      this.#do(call);
    }
  }

  #do(call: MethodCall): void {
    const { method, requestId } = call;
    this.#parts.onCall?.(method);
    if (method === 'connect') {
      this.#connect(call);
      return;
    }
    if (this.#camera === undefined) {
      this.#socket.end(connectRefusal(requestId, 'connect', 'Not connected'));
      return;
    }
    switch (method) {
      case 'connectupdate': {
        this.#update(call);
        return;
      }
      case 'live': {
        this.#live(call);
        return;
      }
      case 'stop':
        this.#stop();
        this.#socket.write(methodResponse(requestId, 'stop', ''));
        return;
      case 'alarms': {
        this.#play(call);
        return;
      }
      default:
        if (playbackMethods.some((name) => name === method)) this.#play(call);
        else
          this.#socket.write(methodResponse(requestId, method, '<errorreason>Unknown method</errorreason>'));
    }
  }

  #connect(call: MethodCall): void {
    const refuse = (reason: string): void => {
      this.#socket.end(connectRefusal(call.requestId, 'connect', reason));
    };
    const parameters = readConnectParameters(call.elements['connectparam']);
    const token = parameters.get('connectiontoken') ?? '';
    if (!this.#parts.tokens.isAlive(token)) {
      refuse('Security token is not valid');
      return;
    }
    const id = parameters.get('id') ?? call.elements['cameraid'];
    const camera = typeof id === 'string' ? this.#parts.cameras.get(id.toLowerCase()) : undefined;
    if (camera === undefined) {
      refuse('Camera not found');
      return;
    }
    const { stills, features } = this.#parts;
    const isJpeg = textOf(call, 'alwaysstdjpeg').toLowerCase() === 'yes';
    if (isJpeg && !(features.now.stills && stills.has(camera))) {
      refuse('Transcoding to JPEG is not available on this recording server');
      return;
    }
    // Who cannot hide what is to be hidden gets no pictures to hide it in. The words are ours.
    const masks = innerTextOf(call, 'clientcapabilities', 'privacymask').toLowerCase() === 'yes';
    if (!isJpeg && !masks && this.#parts.makes.of(camera.number).isMasked) {
      refuse('The camera has a privacy mask');
      return;
    }
    const wanted = parameters.get('streamid');
    const format = wanted === undefined ? 'main' : formatOf(camera, wanted);
    if (format === undefined) {
      refuse('Stream not found');
      return;
    }

    this.#stop();
    this.#camera = camera;
    this.#format = format;
    this.#token = token;
    this.#playback = undefined;
    this.#transcoding = isJpeg ? transcodingOf(call, stills) : undefined;
    this.#socket.write(connectResponse(call.requestId, 'connect', camera.id, this.#transcoding));
  }

  /** A stream that is not recorded by itself plays what is: the main one. */
  #play(call: MethodCall): void {
    if (this.#camera === undefined) return;
    const { pictures, faults, features } = this.#parts;
    this.#playback ??= new Playback(this.#socket, {
      camera: this.#camera,
      format: features.now.recordsSubStream ? this.#format : 'main',
      pictures,
      faults,
      features,
      transcoding: this.#transcoding,
    });
    this.#playback.do(call);
  }

  #update(call: MethodCall): void {
    const token = readConnectParameters(call.elements['connectparam']).get('connectiontoken') ?? '';
    if (!this.#parts.tokens.isAlive(token)) {
      this.#socket.end(connectRefusal(call.requestId, 'connectupdate', 'Security token is not valid'));
      return;
    }
    this.#token = token;
    this.#socket.write(connectResponse(call.requestId, 'connectupdate', this.#camera?.id ?? ''));
  }

  #live(call: MethodCall): void {
    const camera = this.#camera;
    if (camera === undefined) return;
    this.#stop();
    const { pictures, faults, features, wheel } = this.#parts;
    const of = { pictures, format: this.#format, fault: faults.camera(camera.number) };
    const transcoding = this.#transcoding;
    try {
      this.#feed =
        transcoding === undefined
          ? new LiveFeed(this.#socket, { ...of, subject: camera, requestId: call.requestId })
          : new LiveStills(this.#socket, { ...of, camera, transcoding, call, features });
    } catch {
      // A camera without pictures is this connection's trouble only.
      this.#socket.destroy();
      return;
    }
    this.#feed.turn(Date.now());
    wheel.add(this.#feed);
  }

  #stop(): void {
    if (this.#feed !== undefined) this.#parts.wheel.delete(this.#feed);
    this.#feed = undefined;
  }
}

function formatOf(camera: SiteCamera, wanted: string): Format | undefined {
  return (['main', 'sub'] as const).find(
    (format) => streamId(camera.number, format) === wanted.toUpperCase(),
  );
}
