// Pictures that explain; each is a function from data to SVG.
export { colocationPicture } from './colocation.ts';
export { hllRegisters } from './hll-storage.ts';
export { hyperLogLogPicture, type Sketch } from './hyperloglog.ts';
export { showPicture } from './picture.ts';
export { pipelinePicture } from './pipeline.ts';
export { findPlacement } from './placement.ts';
export { playWriters } from './stage.ts';
export { type TopNList, topNPicture } from './topn.ts';
export { windowPicture } from './window.ts';
