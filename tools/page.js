// Runs in the exported page: pictures of charts become charts that answer to the pointer.
for (const place of document.querySelectorAll('.vega-lite')) {
  const spec = JSON.parse(place.querySelector('script').textContent);
  delete spec.$schema; // names the version that front ends register, which is not the one here
  const options = {
    renderer: 'svg',
    actions: { export: true, source: false, compiled: false, editor: false },
  };
  const chart = place.querySelector('.chart');
  const drawn = document.createElement('div');
  globalThis
    .vegaEmbed(drawn, spec, options)
    .then(() => chart.replaceWith(drawn))
    .catch((error) => console.error('The picture of the chart stays:', error));
}
