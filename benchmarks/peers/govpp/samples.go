package main

import (
	"fmt"
	"strings"

	"go.fd.io/govpp/api"
	"go.fd.io/govpp/binapi/af_packet"
	"go.fd.io/govpp/binapi/ethernet_types"
	interfaces "go.fd.io/govpp/binapi/interface"
	"go.fd.io/govpp/binapi/interface_types"
	"go.fd.io/govpp/binapi/ip_types"
	"go.fd.io/govpp/binapi/l2"
	"go.fd.io/govpp/binapi/memclnt"
	"go.fd.io/govpp/binapi/memif"
	"go.fd.io/govpp/binapi/vlib"
)

// sample is one of the messages of benchmarks/support/vpp-samples.ts.
type sample struct {
	value func(index uint32) api.Message
	empty func() api.Message
}

type swIfIndex = interface_types.InterfaceIndex

func mac(index uint32) ethernet_types.MacAddress {
	return ethernet_types.MacAddress{2, 0xfe, 0, 0, byte(index >> 8), byte(index)}
}

func prefix(index uint32) ip_types.AddressWithPrefix {
	address := ip_types.IP4Address{10, 9, byte(index >> 8), byte(index)}
	return ip_types.AddressWithPrefix{
		Address: ip_types.Address{Af: ip_types.ADDRESS_IP4, Un: ip_types.AddressUnionIP4(address)},
		Len:     24,
	}
}

func ports() []l2.BridgeDomainSwIf {
	all := make([]l2.BridgeDomainSwIf, 4)
	for i := range all {
		all[i].SwIfIndex = swIfIndex(i)
	}
	return all
}

var samples = []sample{
	{func(i uint32) api.Message {
		return &interfaces.SwInterfaceDetails{
			SwIfIndex: swIfIndex(i), SupSwIfIndex: i, L2Address: mac(i), Flags: 3, LinkMtu: 9000,
			Mtu: []uint32{9000, 0, 0, 0}, InterfaceName: fmt.Sprintf("memif%d/%d", i%7, i),
			InterfaceDevType: "memif", Tag: fmt.Sprintf("lab:net%d", i),
		}
	}, func() api.Message { return &interfaces.SwInterfaceDetails{} }},
	{func(uint32) api.Message { return &memclnt.ControlPing{} }, func() api.Message { return &memclnt.ControlPing{} }},
	{func(i uint32) api.Message { return &interfaces.CreateLoopbackReply{SwIfIndex: swIfIndex(i)} },
		func() api.Message { return &interfaces.CreateLoopbackReply{} }},
	{func(i uint32) api.Message { return &interfaces.SwInterfaceSetFlags{SwIfIndex: swIfIndex(i), Flags: 1} },
		func() api.Message { return &interfaces.SwInterfaceSetFlags{} }},
	{func(i uint32) api.Message {
		return &interfaces.SwInterfaceEvent{PID: 1, SwIfIndex: swIfIndex(i), Flags: 3}
	},
		func() api.Message { return &interfaces.SwInterfaceEvent{} }},
	{func(i uint32) api.Message {
		return &interfaces.SwInterfaceAddDelAddress{SwIfIndex: swIfIndex(i), IsAdd: true, Prefix: prefix(i)}
	}, func() api.Message { return &interfaces.SwInterfaceAddDelAddress{} }},
	{func(i uint32) api.Message {
		return &memif.MemifCreateV2{
			RxQueues: 1, TxQueues: 1, ID: i, SocketID: i, RingSize: 1024, BufferSize: 2048, HwAddr: mac(i),
		}
	}, func() api.Message { return &memif.MemifCreateV2{} }},
	{func(i uint32) api.Message {
		return &memif.MemifDetails{
			SwIfIndex: swIfIndex(i), HwAddr: mac(i), ID: i, ZeroCopy: true, SocketID: i, RingSize: 1024,
			BufferSize: 2048, Flags: 1, IfName: fmt.Sprintf("memif%d/0", i),
		}
	}, func() api.Message { return &memif.MemifDetails{} }},
	{func(i uint32) api.Message {
		return &l2.BridgeDomainAddDelV2{
			BdID: i, Flood: true, UuFlood: true, Forward: true, Learn: true, BdTag: fmt.Sprintf("lab:bridge%d", i),
			IsAdd: true,
		}
	}, func() api.Message { return &l2.BridgeDomainAddDelV2{} }},
	{func(i uint32) api.Message {
		return &l2.BridgeDomainDetails{
			BdID: i, Flood: true, UuFlood: true, Forward: true, Learn: true, BdTag: fmt.Sprintf("lab:bridge%d", i),
			BviSwIfIndex: ^swIfIndex(0), UuFwdSwIfIndex: ^swIfIndex(0), SwIfDetails: ports(),
		}
	}, func() api.Message { return &l2.BridgeDomainDetails{} }},
	{func(i uint32) api.Message {
		return &af_packet.AfPacketCreateV3{
			Mode: af_packet.AF_PACKET_API_MODE_ETHERNET, HwAddr: mac(i), HostIfName: fmt.Sprintf("veth%d", i),
			RxFrameSize: 2048, TxFrameSize: 2048, RxFramesPerBlock: 1024, TxFramesPerBlock: 1024, Flags: 1,
			NumRxQueues: 1, NumTxQueues: 1,
		}
	}, func() api.Message { return &af_packet.AfPacketCreateV3{} }},
	{func(i uint32) api.Message {
		return &vlib.CliInbandReply{Reply: strings.Repeat(fmt.Sprintf("vpp v26.06-release, line %d\n", i), 4)}
	}, func() api.Message { return &vlib.CliInbandReply{} }},
}
