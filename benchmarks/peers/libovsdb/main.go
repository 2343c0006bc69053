// Creates and deletes ports of Open vSwitch with libovsdb on one connection.
//
// Arguments: REMOTE BRIDGE wait|no-wait SOCKET_DIRECTORY
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/go-logr/logr"
	"github.com/ovn-kubernetes/libovsdb/cache"
	"github.com/ovn-kubernetes/libovsdb/client"
	"github.com/ovn-kubernetes/libovsdb/model"
	"github.com/ovn-kubernetes/libovsdb/ovsdb"
)

const timeout = 10 * time.Second

type openvSwitch struct {
	UUID    string `ovsdb:"_uuid"`
	CurCfg  int    `ovsdb:"cur_cfg"`
	NextCfg int    `ovsdb:"next_cfg"`
}

type bridge struct {
	UUID  string   `ovsdb:"_uuid"`
	Name  string   `ovsdb:"name"`
	Ports []string `ovsdb:"ports"`
}

type port struct {
	UUID       string   `ovsdb:"_uuid"`
	Name       string   `ovsdb:"name"`
	Interfaces []string `ovsdb:"interfaces"`
}

type iface struct {
	UUID    string            `ovsdb:"_uuid"`
	Name    string            `ovsdb:"name"`
	Type    string            `ovsdb:"type"`
	Options map[string]string `ovsdb:"options"`
	OfPort  *int              `ovsdb:"ofport"`
	Error   *string           `ovsdb:"error"`
}

// ports creates and deletes ports. Only what has to be seen is monitored: cur_cfg and the new interfaces' results when
// vswitchd is waited for, otherwise nothing.
type ports struct {
	remote          string
	bridgeName      string
	wait            bool
	socketDirectory string

	ovs     client.Client
	bridge  bridge
	root    openvSwitch
	changed chan struct{}
	made    map[string]string
}

func (p *ports) open() error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	tables, err := model.NewClientDBModel("Open_vSwitch", map[string]model.Model{
		"Open_vSwitch": &openvSwitch{},
		"Bridge":       &bridge{},
		"Port":         &port{},
		"Interface":    &iface{},
	})
	if err != nil {
		return err
	}
	quiet := logr.Discard()
	p.ovs, err = client.NewOVSDBClient(tables, client.WithEndpoint(p.remote), client.WithLogger(&quiet))
	if err != nil {
		return err
	}
	if err := p.ovs.Connect(ctx); err != nil {
		return err
	}
	p.made = map[string]string{}
	if err := p.findBridge(ctx); err != nil {
		return err
	}
	if p.wait {
		return p.watch(ctx)
	}
	return nil
}

// findBridge asks for the bridge's row, so that it can be named by its uuid.
func (p *ports) findBridge(ctx context.Context) error {
	replies, err := p.ovs.Transact(ctx, ovsdb.Operation{
		Op: ovsdb.OperationSelect, Table: "Bridge", Columns: []string{"_uuid"},
		Where: []ovsdb.Condition{ovsdb.NewCondition("name", ovsdb.ConditionEqual, p.bridgeName)},
	})
	if err != nil {
		return err
	}
	if len(replies) != 1 || len(replies[0].Rows) != 1 {
		return fmt.Errorf("no bridge %s", p.bridgeName)
	}
	uuid, ok := replies[0].Rows[0]["_uuid"].(ovsdb.UUID)
	if !ok {
		return errors.New("the bridge has no uuid")
	}
	p.bridge = bridge{UUID: uuid.GoUUID}
	return nil
}

// watch has cur_cfg and the interfaces' results kept in the cache, and tells of every change of it.
func (p *ports) watch(ctx context.Context) error {
	p.changed = make(chan struct{}, 1)
	p.ovs.Cache().AddEventHandler(&cache.EventHandlerFuncs{
		UpdateFunc: func(string, model.Model, model.Model) {
			select {
			case p.changed <- struct{}{}:
			default:
			}
		},
	})
	row, face := &openvSwitch{}, &iface{}
	_, err := p.ovs.Monitor(ctx, p.ovs.NewMonitor(
		client.WithTable(row, &row.CurCfg),
		client.WithTable(face, &face.Name, &face.OfPort, &face.Error),
	))
	if err != nil {
		return err
	}
	var roots []openvSwitch
	if err := p.ovs.List(ctx, &roots); err != nil {
		return err
	}
	if len(roots) != 1 {
		return fmt.Errorf("%d rows in Open_vSwitch", len(roots))
	}
	p.root = openvSwitch{UUID: roots[0].UUID}
	return nil
}

func (p *ports) close() {
	p.ovs.Close()
}

func (p *ports) create(name string) (*int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	insertInterface, err := p.ovs.Create(&iface{
		UUID: "iface", Name: name, Type: "dpdkvhostuserclient",
		Options: map[string]string{"vhost-server-path": p.socketDirectory + "/" + name + ".sock"},
	})
	if err != nil {
		return nil, err
	}
	insertPort, err := p.ovs.Create(&port{UUID: "port", Name: name, Interfaces: []string{"iface"}})
	if err != nil {
		return nil, err
	}
	replies, wanted, err := p.commit(ctx, append(insertInterface, insertPort...), ovsdb.MutateOperationInsert, "port")
	if err != nil {
		return nil, err
	}
	p.made[name] = replies[1].UUID.GoUUID
	if !p.wait {
		return nil, nil
	}
	made := iface{UUID: replies[0].UUID.GoUUID}
	err = p.until(ctx, wanted, func() (bool, error) {
		if err := p.ovs.Get(ctx, &made); err != nil {
			return false, err
		}
		return made.OfPort != nil, nil
	})
	if err != nil {
		return nil, err
	}
	if *made.OfPort <= 0 {
		return nil, fmt.Errorf("%s has no port number: %v", name, made.Error)
	}
	return made.OfPort, nil
}

func (p *ports) remove(name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	_, wanted, err := p.commit(ctx, nil, ovsdb.MutateOperationDelete, p.made[name])
	if err != nil {
		return err
	}
	delete(p.made, name)
	if !p.wait {
		return nil
	}
	return p.until(ctx, wanted, func() (bool, error) { return true, nil })
}

// commit sends the operations with the change of the bridge's ports, and gives the replies and what cur_cfg has to reach.
func (p *ports) commit(
	ctx context.Context, operations []ovsdb.Operation, mutator ovsdb.Mutator, portUUID string,
) ([]ovsdb.OperationResult, int, error) {
	target := p.bridge
	mutate, err := p.ovs.Where(&target).Mutate(&target, model.Mutation{
		Field: &target.Ports, Mutator: mutator, Value: []string{portUUID},
	})
	if err != nil {
		return nil, 0, err
	}
	operations = append(operations, mutate...)
	if p.wait {
		root := p.root
		increment, err := p.ovs.Where(&root).Mutate(&root, model.Mutation{
			Field: &root.NextCfg, Mutator: ovsdb.MutateOperationAdd, Value: 1,
		})
		if err != nil {
			return nil, 0, err
		}
		operations = append(operations, increment...)
		operations = append(operations, ovsdb.Operation{
			Op: ovsdb.OperationSelect, Table: "Open_vSwitch", Columns: []string{"next_cfg"},
			Where: []ovsdb.Condition{ovsdb.NewCondition("_uuid", ovsdb.ConditionEqual, ovsdb.UUID{GoUUID: root.UUID})},
		})
	}
	replies, err := p.ovs.Transact(ctx, operations...)
	if err != nil {
		return nil, 0, err
	}
	if _, err := ovsdb.CheckOperationResults(replies, operations); err != nil {
		return nil, 0, err
	}
	if !p.wait {
		return replies, 0, nil
	}
	next, ok := replies[len(operations)-1].Rows[0]["next_cfg"].(float64)
	if !ok {
		return nil, 0, errors.New("next_cfg is no number")
	}
	return replies, int(next), nil
}

// until waits for cur_cfg to reach what is wanted and for the cache to be as asked.
func (p *ports) until(ctx context.Context, wanted int, satisfied func() (bool, error)) error {
	for {
		root := p.root
		if err := p.ovs.Get(ctx, &root); err != nil {
			return err
		}
		if root.CurCfg >= wanted {
			if ok, err := satisfied(); ok || err != nil {
				return err
			}
		}
		select {
		case <-p.changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func libovsdbVersion() string {
	info, ok := debug.ReadBuildInfo()
	if ok {
		for _, module := range info.Deps {
			if module.Path == "github.com/ovn-kubernetes/libovsdb" {
				return module.Version
			}
		}
	}
	return "unknown"
}

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "arguments: REMOTE BRIDGE wait|no-wait SOCKET_DIRECTORY")
		os.Exit(2)
	}
	operator := &ports{
		remote: os.Args[1], bridgeName: os.Args[2], wait: os.Args[3] == "wait", socketDirectory: os.Args[4],
	}
	versions := map[string]string{"go": runtime.Version(), "libovsdb": libovsdbVersion()}
	if err := serve(operator, versions); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
