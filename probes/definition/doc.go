// Package definition reads probe definitions: YAML in, a probes.Set or every error with its place out, and the JSON
// Schema of the same tables.
// What is read here is checked here as far as a text can be; nothing is fetched, and whether a definition runs on this
// machine is for the probers to say.
package definition
