import { lazily } from '../lazily.ts';
import { peerConnections } from '../whep/peers.ts';
import { LiveKitLink } from './room-link.ts';
import { RoomPool } from './room-pool.ts';

let rooms: RoomPool | undefined;

/** The page's own pool, on livekit-client, which is loaded with the first room: 150 kB that most walls never need. */
export function pageRooms(): RoomPool {
  return (rooms ??= new RoomPool({
    makeLink: async () => {
      const { Room, setLogLevel } = await lazily(import('livekit-client'));
      // What it tells of each connection is told by the panel of the tile.
      setLogLevel('warn');
      return new LiveKitLink(Room, {
        countPeer: () => peerConnections.countForeign(),
      });
    },
  }));
}
