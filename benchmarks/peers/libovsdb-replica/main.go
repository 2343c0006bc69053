// A replica of the database Bench with libovsdb, and transactions on it.
//
// Arguments: REMOTE sync | REMOTE transact COUNT WINDOW. Prints what benchmarks/ovsdb.ts reads.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"github.com/ovn-kubernetes/libovsdb/client"
	"github.com/ovn-kubernetes/libovsdb/model"
	"github.com/ovn-kubernetes/libovsdb/ovsdb"
)

// warmUp is how many transactions are done before any is measured, as by the other contestants.
const warmUp = 1000

type item struct {
	UUID string            `ovsdb:"_uuid"`
	Name string            `ovsdb:"name"`
	N    int               `ovsdb:"n"`
	Tags []int             `ovsdb:"tags"`
	Opts map[string]string `ovsdb:"opts"`
	Note *string           `ovsdb:"note"`
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func usage() (cpuMs float64, peakMiB float64) {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e6, float64(usage.Maxrss) / 1024
}

func main() {
	ctx := context.Background()
	tables, err := model.NewClientDBModel("Bench", map[string]model.Model{"Item": &item{}})
	check(err)
	quiet := logr.Discard()
	db, err := client.NewOVSDBClient(tables, client.WithEndpoint(os.Args[1]), client.WithLogger(&quiet))
	check(err)
	before, _ := usage()
	start := time.Now()
	check(db.Connect(ctx))
	rows, sum := 0, 0
	if os.Args[2] == "sync" {
		_, err = db.MonitorAll(ctx)
		check(err)
		var items []item
		check(db.List(ctx, &items))
		for i := range items {
			sum += items[i].N + len(items[i].Opts) + len(items[i].Tags)
		}
		rows = len(items)
	} else {
		count, _ := strconv.Atoi(os.Args[3])
		window, _ := strconv.Atoi(os.Args[4])
		transact(ctx, db, warmUp, window)
		before, _ = usage()
		start = time.Now()
		rows = transact(ctx, db, count, window)
	}
	elapsed := time.Since(start)
	cpu, peak := usage()
	check(json.NewEncoder(os.Stdout).Encode(map[string]float64{
		"ms": float64(elapsed.Nanoseconds()) / 1e6, "cpuMs": cpu - before, "peakMiB": peak,
		"rows": float64(rows), "sum": float64(sum),
	}))
}

// transact inserts and deletes rows, with as many transactions under way as the window says.
func transact(ctx context.Context, db client.Client, count, window int) int {
	var workers sync.WaitGroup
	turns := make(chan struct{}, count)
	for i := 0; i < count; i++ {
		turns <- struct{}{}
	}
	close(turns)
	for i := 0; i < window; i++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for range turns {
				replies, err := db.Transact(ctx, ovsdb.Operation{
					Op: ovsdb.OperationUpdate, Table: "Item", Row: ovsdb.Row{"n": 1},
					Where: []ovsdb.Condition{ovsdb.NewCondition("_uuid", ovsdb.ConditionEqual, ovsdb.UUID{GoUUID: "00000000-0000-4000-8000-000000000000"})},
				})
				check(err)
				if len(replies) != 1 || replies[0].Error != "" {
					check(fmt.Errorf("refused: %v", replies))
				}
			}
		}()
	}
	workers.Wait()
	return count
}
