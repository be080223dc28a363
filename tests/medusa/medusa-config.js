// The smallest shop that sells: no dashboard, no Redis (caches, events and jobs stay in memory).
const { defineConfig } = require("@medusajs/framework/utils")

module.exports = defineConfig({
  admin: { disable: true },
  projectConfig: {
    databaseUrl: process.env.DATABASE_URL,
    databaseDriverOptions: { connection: { ssl: false } },
    http: {
      storeCors: "",
      adminCors: "",
      authCors: "",
      jwtSecret: "rehearsal",
      cookieSecret: "rehearsal",
    },
  },
})
