package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

type measured struct {
	Ns      []int64 `json:"ns"`
	CPUUs   int64   `json:"cpuUs"`
	Details int     `json:"details,omitempty"`
}

func (m *measured) add(start time.Time) {
	m.Ns = append(m.Ns, time.Since(start).Nanoseconds())
}

// cpuUs gives the CPU time of this process in microseconds.
func cpuUs() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return (usage.Utime.Nano() + usage.Stime.Nano()) / 1000
}

// answer does one command of benchmarks/support/vpp-protocol.ts.
func answer(vpp *client, command []string) (any, error) {
	numbers := []int{0, 0}
	for i, word := range command[1:] {
		number, err := strconv.Atoi(word)
		if err != nil || i >= len(numbers) {
			return nil, fmt.Errorf("no such command: %v", command)
		}
		numbers[i] = number
	}
	switch command[0] {
	case "open":
		return struct{}{}, vpp.open()
	case "connect":
		return vpp.connect(numbers[0])
	case "ping":
		return vpp.ping(numbers[0], numbers[1])
	case "dump":
		return vpp.dump(numbers[0])
	case "bytes":
		return sampleBytes()
	case "codec":
		return codecs(numbers[0])
	case "close":
		vpp.close()
		return struct{}{}, nil
	default:
		return nil, fmt.Errorf("no such command: %v", command)
	}
}

func reply(value any) {
	line, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}

// serve answers commands on the standard input until it ends.
func serve(vpp *client) {
	reply(map[string]any{"versions": versions()})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		value, err := answer(vpp, strings.Fields(lines.Text()))
		if err != nil {
			reply(map[string]string{"error": err.Error()})
			continue
		}
		reply(value)
	}
}
