//go:build race

package storetest

// modelRuns is how many sequences a model test tries under the race detector, which takes it several times as long for each:
// make test tries a hundred.
const modelRuns = "25"
