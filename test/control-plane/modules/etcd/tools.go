//go:build tools

// Package tools pins the etcd that the tests run; nothing here is compiled into Peanut.
package tools

import _ "go.etcd.io/etcd/server/v3"
