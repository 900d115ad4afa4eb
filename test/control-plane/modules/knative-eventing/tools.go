//go:build tools

// Package tools pins the Knative adapter that the tests run; nothing here is compiled into Peanut.
package tools

import _ "knative.dev/eventing/cmd/apiserver_receive_adapter"
