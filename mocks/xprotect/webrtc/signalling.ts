import { acceptSocket, type ServerSocket } from '../events/web-socket.ts';
import type { SocketDoor } from '../socket-doors.ts';
import { SignallingConversation } from './socket.ts';
import { WebRtcSessions, type SessionParts } from './sessions.ts';

/** WebRTC of the gateway: its sessions, and the WebSocket to signal them over. */
export interface WebRtc {
  readonly sessions: WebRtcSessions;
  readonly door: SocketDoor;
  /** Ends all sessions and conversations. */
  close(): void;
}

/** Nothing happens before a client asks for something. */
export function openWebRtc(parts: SessionParts): WebRtc {
  const { accessTokens, faults, features } = parts;
  const sessions = new WebRtcSessions(parts);
  const sockets = new Set<ServerSocket>();
  const drop = (): void => {
    for (const socket of [...sockets]) socket.break();
  };
  faults.on('recycle', drop);
  return {
    sessions,
    door: {
      refusal: () => {
        const { webRtc, webRtcSocket } = features.now;
        return webRtc === 'none' || !webRtcSocket ? 404 : faults.surface('webrtc').failWith;
      },
      accept: (request, stream, head) => {
        const socket = acceptSocket(request, stream, head, {
          onText: (text) => void conversation.hear(text),
          onEnd: () => sockets.delete(socket),
        });
        const conversation = new SignallingConversation(
          sessions,
          features,
          (token) => accessTokens.isAlive(token),
          (text) => socket.send(text),
        );
        sockets.add(socket);
      },
    },
    close: () => {
      drop();
      sessions.close();
    },
  };
}
