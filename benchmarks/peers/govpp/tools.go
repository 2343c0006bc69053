//go:build tools

// The generator is a program of the same module: this keeps what it needs in go.sum.
package main

import _ "go.fd.io/govpp/cmd/binapi-generator"
