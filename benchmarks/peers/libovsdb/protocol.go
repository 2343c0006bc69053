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

// operator is what this side of benchmarks/support/protocol.ts drives.
type operator interface {
	open() error
	// create gives the number of the OpenFlow port, or nil where vswitchd is not waited for.
	create(name string) (*int, error)
	remove(name string) error
	close()
}

type measured struct {
	CreateNs []int64 `json:"createNs"`
	DeleteNs []int64 `json:"deleteNs"`
	CPUUs    int64   `json:"cpuUs"`
}

// cpuUs gives the CPU time of this process in microseconds.
func cpuUs() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return (usage.Utime.Nano() + usage.Stime.Nano()) / 1000
}

func run(ports operator, count int, prefix string) (*measured, error) {
	result := &measured{CreateNs: make([]int64, 0, count), DeleteNs: make([]int64, 0, count)}
	before := cpuUs()
	for i := 0; i < count; i++ {
		name := prefix + strconv.Itoa(i)
		start := time.Now()
		if _, err := ports.create(name); err != nil {
			return nil, err
		}
		between := time.Now()
		if err := ports.remove(name); err != nil {
			return nil, err
		}
		end := time.Now()
		result.CreateNs = append(result.CreateNs, between.Sub(start).Nanoseconds())
		result.DeleteNs = append(result.DeleteNs, end.Sub(between).Nanoseconds())
	}
	result.CPUUs = cpuUs() - before
	return result, nil
}

func answer(ports operator, command []string) (any, error) {
	done := struct{}{}
	switch {
	case len(command) == 1 && command[0] == "open":
		return done, ports.open()
	case len(command) == 2 && command[0] == "create":
		ofport, err := ports.create(command[1])
		return map[string]*int{"ofport": ofport}, err
	case len(command) == 2 && command[0] == "delete":
		return done, ports.remove(command[1])
	case len(command) == 3 && command[0] == "run":
		count, err := strconv.Atoi(command[1])
		if err != nil {
			return nil, err
		}
		return run(ports, count, command[2])
	case len(command) == 1 && command[0] == "close":
		ports.close()
		return done, nil
	default:
		return nil, fmt.Errorf("no such command: %v", command)
	}
}

// serve answers the commands on the standard input until it ends.
func serve(ports operator, versions map[string]string) error {
	replies := json.NewEncoder(os.Stdout)
	if err := replies.Encode(map[string]any{"versions": versions}); err != nil {
		return err
	}
	commands := bufio.NewScanner(os.Stdin)
	for commands.Scan() {
		reply, err := answer(ports, strings.Fields(commands.Text()))
		if err != nil {
			reply = map[string]string{"error": err.Error()}
		}
		if err := replies.Encode(reply); err != nil {
			return err
		}
	}
	return commands.Err()
}
