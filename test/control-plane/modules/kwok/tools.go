//go:build tools

// Package tools pins the KWOK that the benches run; nothing here is compiled into Peanut.
package tools

import _ "sigs.k8s.io/kwok/cmd/kwok"
