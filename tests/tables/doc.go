// Package tables holds the tables' shapes (keys, indexes, streams) to what was released: what AWS cannot change in place is found before it is deployed.
//
// [Read] takes the shapes out of the stacks, [Check] says what an update from the released ones could not do. `make release-tables` writes released.json anew, in the commit of a
// release: from then on the gate compares with that.
package tables
