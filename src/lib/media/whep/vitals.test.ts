import { expect, it } from 'vitest';
import { readVitals } from './vitals.ts';

const inbound = {
  type: 'inbound-rtp',
  id: 'in',
  codecId: 'codec2',
  framesDecoded: 150,
  framesDropped: 1,
  bytesReceived: 9000,
  packetsLost: -1,
  packetsReceived: 300,
  frameWidth: 640,
  frameHeight: 360,
  jitter: 0.004,
};

it('reads what Chromium reports', () => {
  const report = [
    { type: 'codec', id: 'codec1', mimeType: 'video/VP8' },
    { type: 'codec', id: 'codec2', mimeType: 'video/H264' },
    inbound,
    { type: 'transport', id: 'tr', selectedCandidatePairId: 'pair2' },
    { type: 'candidate-pair', id: 'pair1', currentRoundTripTime: 0.5 },
    { type: 'candidate-pair', id: 'pair2', currentRoundTripTime: 0.02 },
  ];
  expect(readVitals(report)).toEqual({
    framesDecoded: 150,
    framesDropped: 1,
    bytesReceived: 9000,
    packetsLost: -1,
    packetsReceived: 300,
    width: 640,
    height: 360,
    jitterMs: 4,
    roundTripMs: 20,
    codec: 'H264',
  });
});

it('leaves out what a browser does not report', () => {
  expect(readVitals([{ type: 'inbound-rtp', id: 'in', bytesReceived: 7, framesDecoded: undefined }])).toEqual(
    { bytesReceived: 7 },
  );
  expect(readVitals([])).toEqual({});
});

it('reads what tells why a picture is bad, and the path it takes', () => {
  const report = [
    {
      type: 'inbound-rtp',
      freezeCount: 2,
      totalFreezesDuration: 1.5,
      jitterBufferDelay: 3,
      jitterBufferEmittedCount: 60,
      totalDecodeTime: 0.12,
      pliCount: 1,
      firCount: 2,
      nackCount: 7,
      retransmittedPacketsReceived: 5,
      keyFramesDecoded: 4,
      decoderImplementation: 'FFmpeg',
    },
    {
      type: 'candidate-pair',
      nominated: true,
      currentRoundTripTime: 0.02,
      localCandidateId: 'L',
      remoteCandidateId: 'R',
    },
    { type: 'local-candidate', id: 'L', candidateType: 'host', protocol: 'udp' },
    { type: 'remote-candidate', id: 'R', candidateType: 'srflx', protocol: 'udp' },
  ];
  expect(readVitals(report)).toEqual({
    roundTripMs: 20,
    freezes: 2,
    freezesMs: 1500,
    bufferedMs: 3000,
    framesBuffered: 60,
    decodedMs: 120,
    keyframesAsked: 3,
    packetsAsked: 7,
    packetsRepaired: 5,
    keyframesDecoded: 4,
    decoder: 'FFmpeg',
    path: 'host/srflx udp',
  });
});
