package outlets

import "encoding/json"

// entity is one thing that Home Assistant shows.
//
// Source: https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery
type entity struct {
	component string // Home Assistant's kind of entity
	id        string
	name      string
	icon      string
	value     string // the template that reads its value from the state
	options   []string
	// attributes shows the whole state as the entity's attributes; command makes
	// it settable.
	attributes, command bool
}

// availabilities are the values of wanted.availability.
var availabilities = []string{"Available", "Busy", "DoNotDisturb", "BeRightBack", "Away", "Offline"}

// entities returns the rows of the device, the settable one last. The locked
// screen does not get Home Assistant's device class "lock", which is for the
// doors of houses and means "unlocked" when on.
func (m *mqtt) entities() []entity {
	return []entity{
		{component: "sensor", id: "presence", name: "Presence", icon: "mdi:account-circle",
			value: "{{ value_json.wanted.availability }}", attributes: true, options: availabilities},
		{component: "sensor", id: "reason", name: "Reason", icon: "mdi:comment-question-outline",
			value: "{{ value_json.reason.text[:255] }}"},
		{component: "binary_sensor", id: "in_call", name: "In a call", icon: "mdi:phone-in-talk",
			value: "{{ 'ON' if value_json.activity.inCall else 'OFF' }}"},
		{component: "sensor", id: "call_app", name: "Call app", icon: "mdi:application",
			value: "{{ (value_json.activity.call or 'none')[:255] }}"},
		{component: "binary_sensor", id: "locked", name: "Locked", icon: "mdi:monitor-lock",
			value: "{{ 'ON' if value_json.activity.locked else 'OFF' }}"},
		{component: "binary_sensor", id: "idle", name: "Idle", icon: "mdi:keyboard-off",
			value: "{{ 'ON' if value_json.activity.idle else 'OFF' }}"},
		{component: "select", id: "status", name: "Status", icon: "mdi:form-select",
			value: "{{ value_json.choice.status }}", options: m.Statuses, command: true},
	}
}

// discovery returns the messages that describe the device to Home Assistant, by
// topic. An empty one removes an entity that must not be there any more.
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
		out[topic], _ = json.Marshal(c) // it holds only strings, so this cannot fail
	}
	return out
}
