package outlets

import "encoding/json"

// entity is one thing that Home Assistant shows.
//
// Source: https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery
type entity struct {
	component string // its kind
	id        string
	name      string
	icon      string
	// value is the template that reads it out of the state.
	value   string
	options []string
	// attributes shows the whole state beside it; command makes it settable.
	attributes, command bool
}

// entities are the rows, the settable one last. "lock" is no device class of
// the locked screen: Home Assistant's means an open door when on.
func (m *mqtt) entities() []entity {
	return []entity{
		{component: "sensor", id: "presence", name: "Presence", icon: "mdi:account-circle", value: "{{ value_json.wanted.availability }}", attributes: true,
			options: []string{"Available", "Busy", "DoNotDisturb", "BeRightBack", "Away", "Offline"}},
		{component: "sensor", id: "reason", name: "Reason", icon: "mdi:comment-question-outline", value: "{{ value_json.reason.text[:255] }}"},
		{component: "binary_sensor", id: "in_call", name: "In a call", icon: "mdi:phone-in-talk", value: "{{ 'ON' if value_json.activity.inCall else 'OFF' }}"},
		{component: "sensor", id: "call_app", name: "Call app", icon: "mdi:application", value: "{{ value_json.activity.call[:255] or 'none' }}"},
		{component: "binary_sensor", id: "locked", name: "Locked", icon: "mdi:monitor-lock", value: "{{ 'ON' if value_json.activity.locked else 'OFF' }}"},
		{component: "binary_sensor", id: "idle", name: "Idle", icon: "mdi:keyboard-off", value: "{{ 'ON' if value_json.activity.idle else 'OFF' }}"},
		{component: "select", id: "status", name: "Status", icon: "mdi:form-select", value: "{{ value_json.choice.status }}", options: m.Commands, command: true},
	}
}

// discovery is what Home Assistant is told, by topic. What must not be there
// any more is told by an empty message, which takes it away.
func (m *mqtt) discovery() map[string][]byte {
	if m.Discovery == "" {
		return nil
	}
	node := "heliograph_" + m.Name
	device := map[string]any{"identifiers": []string{node}, "name": "heliograph " + m.Name, "manufacturer": "heliograph", "model": "desktop"}
	out := map[string][]byte{}
	for _, e := range m.entities() {
		topic := m.Discovery + "/" + e.component + "/" + node + "/" + e.id + "/config"
		if e.command && m.Command == nil {
			out[topic] = nil
			continue
		}
		c := map[string]any{
			"name": e.name, "unique_id": node + "_" + e.id, "object_id": node + "_" + e.id, "icon": e.icon,
			"state_topic": m.topic("state"), "value_template": e.value,
			"availability_topic": m.topic("availability"), "device": device,
			"origin": map[string]string{"name": "heliograph"},
		}
		if e.attributes {
			c["json_attributes_topic"] = m.topic("state")
		}
		if len(e.options) > 0 {
			c["options"] = e.options
		}
		if e.options != nil && !e.command {
			c["device_class"] = "enum"
		}
		if e.command {
			c["command_topic"] = m.topic("set")
		}
		out[topic], _ = json.Marshal(c) // strings alone: it cannot fail
	}
	return out
}
