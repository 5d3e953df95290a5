package proxyengine_test

import "time"

const ms = time.Millisecond
