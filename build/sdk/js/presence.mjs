// Makes every presence call with Microsoft's own JavaScript client, against an
// emulator, and writes what it sent and got.
//
// usage: node presence.mjs EMULATOR RECORDING
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import http from "node:http";
import { Client } from "@microsoft/microsoft-graph-client";

const [emulator, recording] = process.argv.slice(2);
const self = "fa8bf3dc-eca7-46b7-bad1-db199b62afc3";
const other = "66825e03-7ef5-42da-9069-724602c31f6b";
const app = "22553876-f5ab-4529-bffb-cfe50aa89f87";

// The recorder is between client and emulator, so that it sees what was really
// sent.
const seen = [];
const recorder = http.createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts);
  const headers = { ...request.headers };
  delete headers.host;
  const answer = await passOn(request, headers, body);
  delete headers.authorization;
  delete headers.connection;
  delete headers["client-request-id"];
  seen.push({ method: request.method, path: request.url, headers, body: body.toString("base64"), status: answer.status });
  response.writeHead(answer.status, answer.headers);
  response.end(answer.body);
});

function passOn(request, headers, body) {
  return new Promise((resolve, reject) => {
    const out = http.request(emulator + request.url, { method: request.method, headers }, async (answer) => {
      const parts = [];
      for await (const part of answer) parts.push(part);
      resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) });
    });
    out.on("error", reject);
    out.end(body);
  });
}

await new Promise((ready) => recorder.listen(0, "127.0.0.1", ready));
const origin = `http://127.0.0.1:${recorder.address().port}`;

// The client gives its token to https://graph.microsoft.com only, so that is
// where it believes to be.
const realFetch = globalThis.fetch;
globalThis.fetch = (url, options) => realFetch(String(url.url ?? url).replace("https://graph.microsoft.com", origin), options);

async function control(path, body) {
  const answer = await realFetch(`${emulator}/_emulator/${path}`, { method: body ? "POST" : "GET", body: body && JSON.stringify(body) });
  assert.equal(answer.status, 200, path);
  return answer.json();
}

async function client(token, version = "v1.0") {
  const value = (await control("token", token)).token;
  return Client.init({ defaultVersion: version, authProvider: (done) => done(null, value) });
}

async function shown() {
  const { users } = await control("state");
  return `${users[0].shown.availability}/${users[0].shown.activity}`;
}

async function allCalls(version) {
  const graph = await client({ user: "self", scopes: ["Presence.ReadWrite", "Presence.Read.All"] }, version);
  const at = (action) => graph.api(`/users/${self}/presence${action}`);
  await at("/setPresence").post({ sessionId: app, availability: "Busy", activity: "InACall", expirationDuration: "PT1H" });
  assert.equal(await shown(), "Busy/InACall");
  const own = await graph.api("/me/presence").get();
  assert.deepEqual([own.id, own.availability, own.activity], [self, "Busy", "InACall"]);
  await at("/setUserPreferredPresence").post({ availability: "DoNotDisturb", activity: "DoNotDisturb", expirationDuration: "PT8H" });
  assert.equal(await shown(), "DoNotDisturb/DoNotDisturb");
  await at("/clearUserPreferredPresence").post({});
  assert.equal(await shown(), "Busy/InACall");
  await at("/setStatusMessage").post({
    statusMessage: { message: { content: "In a call", contentType: "text" }, expiryDateTime: { dateTime: "2100-01-01T00:00:00.0000000", timeZone: "Pacific Standard Time" } },
  });
  assert.equal((await graph.api("/me/presence").get()).statusMessage.message.content, "In a call");
  await graph.api("/me/presence/setManualLocation").post({ workLocationType: "office", placeId: "eb706f15-137e-4722-b4d1-b601481d9251" });
  await graph.api("/me/presence/setAutomaticLocation").post({ workLocationType: "remote" });
  await graph.api("/me/presence/clearAutomaticLocation").post(undefined);
  await graph.api("/me/presence/clearLocation").post(undefined);
  const many = await graph.api("/communications/getPresencesByUserId").post({ ids: [self, other] });
  assert.equal(many.value.length, 2);
  assert.equal((await graph.api(`/communications/presences/${other}`).get()).availability, "Offline");
  await at("/clearPresence").post({ sessionId: app });
  assert.equal(await shown(), "Offline/Offline");
}

async function refusals() {
  const graph = await client({ user: "self" });
  const refused = async (path, body, status, code) => {
    await assert.rejects(graph.api(path).post(body), (e) => e.statusCode === status && e.code === code && Boolean(e.requestId));
  };
  await refused("/me/presence/clearPresence", { sessionId: app }, 404, "NotFound");
  await refused("/me/presence/setPresence", { sessionId: app, availability: "Busy", activity: "Busy" }, 400, "InvalidArgument");
  await refused(`/users/${other}/presence/clearPresence`, { sessionId: app }, 401, "Unauthorized");
}

// The client waits and tries again by itself, with the same body.
async function throttled() {
  const graph = await client({ application: true });
  await control("faults", { status: 429, retryAfter: 1, times: 1 });
  await graph.api(`/users/${self}/presence/setPresence`).post({ sessionId: app, availability: "Away", activity: "Away", expirationDuration: "PT5M" });
  assert.equal(await shown(), "Away/Away");
  assert.equal((await control("requests")).filter((r) => r.status === 429).length, 1);
}

try {
  await allCalls("v1.0");
  await allCalls("beta");
  await refusals();
  await throttled();
  writeFileSync(recording, seen.map((s) => JSON.stringify(s) + "\n").join(""));
  console.log(`JavaScript client: ${seen.length} requests`);
} finally {
  recorder.closeAllConnections();
  recorder.close();
}
