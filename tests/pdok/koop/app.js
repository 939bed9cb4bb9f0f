// Serves the GeoJSON files of a folder as ArcGIS FeatureServer layers.
// node app.js NODE_MODULES DATA_DIR PORT PAGE; ends when its standard input ends.
"use strict";
const path = require("path");
const [modules, dataDir, port, page] = process.argv.slice(2);
const from = (name) => require(require.resolve(name, { paths: [modules] }));
process.env.SUPPRESS_NO_CONFIG_WARNING = "1";
const Koop = from("@koopjs/koop-core");
const provider = from("@koopjs/provider-file-geojson");

process.stdin.on("end", () => process.exit(0));
process.stdin.resume();

const koop = new Koop({ logLevel: "error" });
// Koop tells maxRecordCount but gives more when asked for more, or for no number; ArcGIS does not.
koop.server.use((request, _response, next) => {
  for (const given of [request.query, request.body]) {
    if (!/\/query\/?$/i.test(request.path) || !given) continue;
    const all = ["returnCountOnly", "returnIdsOnly", "returnExtentOnly"];
    if (all.some((name) => String(given[name]).toLowerCase() === "true")) continue;
    const asked = Number(given.resultRecordCount) || Number(page);
    if (given === request.query || Object.keys(given).length > 0) {
      given.resultRecordCount = String(Math.min(asked, Number(page)));
    }
  }
  next();
});

// The provider takes a folder below the present one only.
process.chdir(path.dirname(dataDir));
koop.register(provider, { dataDir: path.basename(dataDir) });
koop.server.listen(Number(port), "127.0.0.1");
