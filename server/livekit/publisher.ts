/** A camera's stream on its way into a room. */
export interface Publication {
  /** The gateway's name of the stream. */
  readonly path: string;
  readonly room: string;
  /** The participant it appears as. */
  readonly identity: string;
}

/** How a publication goes. */
export interface PublicationReport {
  readonly path: string;
  /** What {@link publicationName} says of it. */
  readonly name: string;
  readonly state: 'connecting' | 'running' | 'error';
  readonly code?:
    'camera-offline' | 'codec-unsupported' | 'target-unavailable' | 'target-refused' | 'target-missing';
}

/** Tells publications apart: the same path in another room is another one. */
export const publicationName = ({ room, identity }: Publication): string => `${room} ${identity}`;

/**
 * The door through which cameras get into LiveKit: the engine's WHIP push, and whatever else can push. Calls throw a
 * `GatewayError`.
 */
export interface Publisher {
  /**
   * Has the stream published to a WHIP endpoint until {@link unpublish}. The same again takes the fresh token and changes
   * nothing else. The stream has to be in the gateway: `not-found` where it is not.
   */
  publish(
    publication: Publication,
    endpoint: { readonly url: string; readonly token: string },
    signal: AbortSignal,
  ): Promise<void>;
  /** Ends it. Fine when it has ended. */
  unpublish(path: string, signal: AbortSignal): Promise<void>;
  /** Everything that is being published. */
  publications(signal: AbortSignal): Promise<readonly PublicationReport[]>;
}
